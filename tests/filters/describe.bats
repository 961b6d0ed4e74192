# describe: reports that follow from the interrogator's records, as NumPy computes them; making interrogators; RNNs that do not fit.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    for cell in lstm gru; do
        gen-language --tokens 2 --max-n 5 --count 12 --first-run $((${#cell} * 100)) |
            train-rnn --cell "$cell" --steps 150 --snapshots 75 --hidden 8 --rollouts 6 --samples 10
    done | partition --by run --validation 0.4 --ood 0 > zoo.mp
    for condition in bos every; do
        probe --new --linear --probes 3 --length 6 --mlp-hidden 8 < zoo.mp > fresh.mp
        emulate --fit fresh.mp --steps 60 --batch 8 --hidden 12 --rate 3e-3 --condition $condition < zoo.mp > model.mp
        probe --model model.mp < zoo.mp > z.mp
        emulate --model model.mp --rollouts 16 --clones 0 < zoo.mp > e.mp
        classify --quiet --fit task,metrics.accuracy,arch.cell --steps 100 --hidden 10 < z.mp > predictors.mp
        cat model.mp predictors.mp > models.mp
        cat z.mp e.mp | describe --fit models.mp --entries 20 > $condition.mp
    done
}

setup() {
    ln -s "$BATS_FILE_TMPDIR"/*.mp .
}

check() { # < a program
    PYTHONPATH=$ROOT/tests/python python -c 'import sys, json, numpy as np
import read_stream
from read_stream import records
exec(sys.stdin.read())'
}

@test "describe --fit: temperature, calibration error, intervals and index are what NumPy finds" {
    check << 'PYTHON'
out, z, e = records("every.mp"), records("z.mp"), records("e.mp")
assert [r["kind"] for r in out] == ["encoder", "emulator", "predictor", "predictor", "predictor", "calibration", "calibration", "calibration", "index"]
known, held = ([r for r in z if r["split"] == s] for s in ("train", "validation"))
index = out[-1]
entries = [known[i * len(known) // 20] for i in range(20)]
assert [(n["run"], n["step"], n["task"], n["arch"]) for n in index["entries"]] == [(r["run"], r["step"], r["task"], r["arch"]) for r in entries]
assert (index["z"] == np.array([r["z"] for r in entries])).all()
distances = sorted(min(np.linalg.norm(h["z"].astype(float) - r["z"]) for r in entries) for h in held)
assert abs(index["distances"] - distances).max() < 1e-6
assert abs(index["losses"] - sorted(r["loss"] for r in e if r["split"] == "validation")).max() < 1e-12

def outputs(p, z):
    w, x = p["weights"], z.astype(float)
    names = sorted({n.rsplit(".", 1)[0] for n in w}, key=lambda n: int(n.split(".")[1]))
    for i, n in enumerate(names):
        x = x @ w[n + ".weight"].astype(float).T + w[n + ".bias"]
        x = np.maximum(x, 0) if i < len(names) - 1 else x
    return x
def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)
hz = np.array([h["z"] for h in held])
loss = {(r["run"], r["step"]): r["loss"] for r in e}
usual = np.exp(np.mean([np.log(loss[h["run"], h["step"]]) for h in held]))
for p, c in zip(out[2:5], out[5:8]):
    y = outputs(p, hz)
    assert c["target"] == p["target"] and c["answers"] == len(held)
    if p["target"] == "metrics.accuracy":
        off = abs(p["mean"][0] + p["deviation"][0] * y[:, 0] - [h["metrics"]["accuracy"] for h in held])
        assert abs(c["within"] - np.quantile(off, 0.9)) < 1e-4 and "calibration_error" not in c
        continue
    truth = [h["task"]["offsets"][1] + 3 for h in held] if p["target"] == "task" else [sorted({r["arch"]["cell"] for r in z}).index(h["arch"]["cell"]) for h in held]
    ratio = np.array([loss[h["run"], h["step"]] for h in held])[:, None] / usual
    nll = lambda t, k: -np.log(softmax(y / (t * ratio**k))[np.arange(len(held)), truth]).mean()
    grid = np.exp(np.arange(-150, 151) / 50)
    assert abs(c["usual_loss"] - usual) < 1e-9
    assert abs(nll(c["temperature"], c["exponent"]) - min(nll(t, k / 4) for t in grid for k in range(9))) < 1e-5
    assert abs(c["right"] - (y.argmax(1) == truth).mean()) < 1e-9 and 0 <= c["calibration_error"] <= 1
PYTHON
}

@test "describe: predictions, confidence, relatives, novelty; the clone's loss is emulate's" {
    local condition
    for condition in bos every; do
        describe --model $condition.mp --format records --relatives 4 --words 3 < zoo.mp > reports.mp
        describe --model $condition.mp --format json --relatives 4 --words 3 < zoo.mp > reports.json
        head -c 100 reports.json | found '^{"kind":"report","run":'
        rec-select --kind encoder,emulator < $condition.mp > model.now.mp
        emulate --model model.now.mp --rollouts 16 --clones 0 < zoo.mp > e.now.mp
        probe --model model.now.mp < zoo.mp > z.now.mp
        classify --model <(rec-select --kind predictor < $condition.mp) < z.now.mp > p.now.mp
        check << PYTHON
reports, index = records("reports.mp", "report"), records("$condition.mp", "index")[0]
calibrations = {c["target"]: c for c in records("$condition.mp", "calibration")}
own = 0
for r, rnn, e, z in zip(reports, records("zoo.mp", "rnn"), records("e.now.mp", "emulation"), records("z.now.mp", "embedding")):
    assert (r["run"], r["step"]) == (rnn["run"], rnn["step"]) and r["task"] == rnn["task"] and "weights" not in r
    assert r["weight_count"] == sum(w.size for w in rnn["weights"].values())
    assert abs(r["z"] - z["z"]).max() < 1e-6
    # A clone that was told z at BOS is told again by each BOS that it reads.
    again = "$condition" == "bos" and (rnn["rollouts"]["inputs"][:, 1:-1] == 2).any()
    assert again or abs(r["loss"] - e["loss"]) < 1e-5, (r["loss"], e["loss"])
    d = np.linalg.norm(index["z"].astype(float) - z["z"], axis=1)
    itself = [i for i, n in enumerate(index["entries"]) if (n["run"], n["step"], n["task"]) == (rnn["run"], rnn["step"], rnn["task"]) and d[i] < 1e-4]
    own += len(itself)
    order = [i for i in np.argsort(d, kind="stable") if i not in itself][:4]
    assert [(n["run"], n["step"]) for n in r["nearest"]] == [(index["entries"][i]["run"], index["entries"][i]["step"]) for i in order]
    assert abs(r["distance"] - d.min()) < 1e-6 and abs(r["novelty"] - (index["distances"] < d.min() - 1e-9).mean()) < 0.05
    assert r["warned"] == (r["novelty"] > 0.99 or r["hardness"] > 0.99)
    assert abs(r["hardness"] - (index["losses"] < r["loss"]).mean()) < 0.05
    assert [p["target"] for p in r["predicted"]] == ["task", "metrics.accuracy", "arch.cell"]
    assert len(r["says"]["list"]) <= 3 and ("told" not in r or r["told"]["share"] <= r["says"]["mass"])
    if r["does"]:
        offsets = [0] + next(p["answers"] for p in r["predicted"] if p["target"] == "task")
        by_words = r.get("told", {"share": 0})["share"] >= 0.5
        assert by_words == (r["does"]["by"] == "words") and (by_words or not r["warned"])
        assert r["does"]["task"] == (r["told"]["task"] if by_words else {**rnn["task"], "offsets": offsets})
        assert r["does"]["text"].startswith("a^n b^") and by_words == ("agree" in r["does"])
        assert not by_words or r["does"]["agree"] == (r["told"]["task"]["offsets"] == offsets)
        assert abs(r["does"]["confidence"] - r["predicted"][0]["confidence"][0]) < 1e-9 if not by_words else r["does"]["share"] == r["told"]["share"]
    else:
        assert r["warned"] and r.get("told", {"share": 0})["share"] < 0.5
    assert r["right"] + r["missing"] == sum(1 for n in range(max(0, -rnn["task"]["offsets"][1]), 5)) and r["right"] + r["extra"] == r["says"]["words"]
assert own == 20  # entries of the index
predicted = {}
for p in records("p.now.mp", "prediction"):
    predicted.setdefault((p["run"], p["step"]), {})[p["target"]] = p["predicted"]
for r in reports:
    for p in r["predicted"]:
        want = predicted[r["run"], r["step"]][p["target"]]
        want = want if isinstance(want, list) else [want]
        assert all(a == b or abs(a - b) < 1e-4 for a, b in zip(p["answers"], want)), (p, want)
        assert ("confidence" in p) == (p["target"] != "metrics.accuracy") and all(0 < c <= 1 for c in p.get("confidence", []))
PYTHON
    done
}

@test "describe --fit: an interrogator is calibrated anew by other RNNs; what it knows stays" {
    rec-select --split validation < z.mp > z.now.mp
    rec-select --split validation --run 1- < e.mp > e.now.mp
    cat z.now.mp e.now.mp | describe --fit every.mp > again.mp
    check << 'PYTHON'
old, new = records("every.mp"), records("again.mp")
assert [r["kind"] for r in old] == [r["kind"] for r in new] and (old[-1]["z"] == new[-1]["z"]).all() and old[-1]["entries"] == new[-1]["entries"]
assert abs(old[-1]["distances"] - new[-1]["distances"]).max() < 1e-6
held, lost = records("z.now.mp"), len(old[-1]["losses"]) - len(new[-1]["losses"])
assert lost == sum(r["run"] < 1 for r in held)
for a, b in zip(old[5:8], new[5:8]):
    assert a["target"] == b["target"] and a["answers"] == b["answers"] and ("temperature" not in a or b["temperature"] > 0)
PYTHON
    run -65 describe --fit every.mp < <(cat e.now.mp z.now.mp)
    [[ $output == *"no embedding of run "*" is before it" ]]
    run -65 describe --fit every.mp < <(rec-select --split train < z.mp)
}

@test "describe: text for people" {
    describe --model every.mp < zoo.mp > text
    [[ $(grep -c '^run [0-9]*, step [0-9]*: \(lstm\|gru\) of 2 x 8 units, [0-9]* weights, reads 4 tokens, answers with 4 next tokens$' text) == 48 ]]
    [[ $(grep -c '^  says ' text) == 48 && $(grep -c '^  its clone says ' text) == 48 && $(grep -c '^  novelty ' text) == 48 ]]
    [[ $(grep -c '^  predicted task ' text) == 48 && $(grep -c '%)$' text) -ge 48 ]]
    # What is less than 50 % sure is a guess.
    describe --model every.mp --format records < zoo.mp > reports.mp
    [[ $(grep -c '^  what it does  *not known; the best guess is ' text) == "$(rec-select --where 'does.by = embedding, does.confidence < 0.5' < reports.mp | rec-table run | wc -l)" ]]
    [[ $(grep -c '^  what it does  *a.*, probably$' text) == "$(rec-select --where 'does.by = embedding, does.confidence >= 0.5' < reports.mp | rec-table run | wc -l)" ]]
    grep -q '^  what it does  *not known; the best guess is ' text
    rec-select --first 1 < zoo.mp > one.mp
    describe --model every.mp --zoo z.mp --relatives 1 < one.mp > other
    grep -q '^  relatives  *run ' other
    run ! grep "relatives *$(rec-table run step < one.mp | awk '{ print "run " $1 ", step " $2 "," }')" other # none is its own relative
    describe --model every.mp --warn 0 < zoo.mp | found '^  WARNING'
    describe --model every.mp --warn 1 < zoo.mp > text
    run ! grep '^  WARNING' text
}

@test "describe: text tells classes, numbers and names apart, and has no control characters" {
    check << 'PYTHON'
import encoder_stream
rnns = records("zoo.mp", "rnn")
for r in rnns:
    k = r["run"]
    r["name"] = "%d\x1b[31mb\n\\c.pt" % k
    r["task"] = {"family": "mine\x1b", "of": [k]} if k % 2 else r["task"]
    r["mine"] = {"id": 12340 + k % 3, "lst": [k % 2, 5], "big": 123456 + 10.0 * k, "txt": ["a\0b", "a\0c"][k % 2], "half": [0.1, 0.30000000000000004][k % 2], "loss": k % 2}
    r["metrics"]["loss"] = 1e-3 * k
encoder_stream.write("mine.mp", rnns)
PYTHON
    probe --model model.mp < mine.mp > z.mine.mp
    targets=mine.id,mine.lst.0,mine.big,metrics.loss,mine.txt,mine.half,metrics.accuracy
    classify --quiet --fit $targets --as auto,auto,auto,auto,auto,classes,auto --steps 300 --hidden 10 < z.mine.mp > mine.predictors.mp
    cat model.mp mine.predictors.mp > mine.models.mp
    describe --fit mine.models.mp < z.mine.mp > mine.i.mp
    describe --model mine.i.mp --zoo z.mine.mp --relatives 20 < mine.mp > text
    for id in 12340 12341 12342; do grep -qE "^  predicted mine.id    $id \([0-9]+ %\)$" text; done
    grep -qE '^  predicted mine.lst.0 [01] \([0-9]+ %\)$' text
    for txt in b c; do grep -q "^  predicted mine.txt   a\\\\x00$txt (" text; done
    for half in 0.1 0.30000000000000004; do grep -q "^  predicted mine.half  $half (" text; done
    grep -q '^  predicted loss  ' text
    grep -q '^  predicted accuracy  ' text
    # A number has the decimals that two digits of the interval have.
    awk -v FS=' (\\+-|\\(nine) *' '/^  predicted (mine.big|loss|accuracy)/ {
        n++; number = $1; sub(/.* /, "", number); a = number; b = $2; sub(/^[^.]*\.?/, "", a); sub(/^[^.]*\.?/, "", b)
        digits = $2; sub(/^[0.]*/, "", digits); sub(/\./, "", digits); if (b == "") sub(/0*$/, "", digits)
        if (length(a) != length(b) || length(digits) > 2 || (b != "" && length(digits) != 2)) { print; bad = 1 }
    } END { exit bad || n != 3 * 48 }' text
    run ! grep -P '[\x00-\x09\x0b-\x1f\x7f]' text
    grep -qE '^  relatives            [0-9]+\\x1b\[31mb\\n\\\\c.pt, run [0-9]+, step [0-9]+, (lstm|gru) of 2 x 8 units, ' text
    grep -qF ', {"family":"mine\u001b","of":[' text
    # Names that could be another predictor's are whole.
    cat model.mp <(classify --quiet --fit metrics.loss,mine.loss,metrics.accuracy,accuracy --steps 1 --hidden 10 < z.mine.mp) > alike.models.mp
    describe --fit alike.models.mp < z.mine.mp > alike.mp
    [[ $(describe --model alike.mp < mine.mp | sed -n 's/^  predicted \([^ ]*\) .*/\1/p' | sed -n 1,4p | paste -sd ' ') == 'loss mine.loss metrics.accuracy accuracy' ]]
}

@test "describe --zoo: an RNN of the same name, run and step is another one unless its embedding is the same" {
    for seed in 5 6; do
        gen-language --seed 1 --tokens 2 --max-n 5 | train-rnn --seed $seed --steps 20 --snapshots '' --hidden 8 --rollouts 2 --samples 2 |
            rec-json --arrays whole | sed -E 's/"seed":[0-9]+,/"name":"model.pt",/' | rec-json --reverse > $seed.mp
    done
    cat 5.mp 6.mp | probe --model model.mp > both.mp
    describe --model every.mp --zoo both.mp --relatives 5 < 5.mp > text
    [[ $(grep -c 'model.pt, run 0, step 20, ' text) == 1 ]]
}

@test "describe: RNNs without a task, without rollouts, of other sizes, untrained" {
    gen-language --tokens 2 --max-n 5 | train-rnn --steps 2 --snapshots '' --hidden 40 --layers 1 --cell rnn_tanh --rollouts 2 --samples 2 > new.mp
    describe --model every.mp --format records < new.mp > new.report.mp
    PYTHONPATH=$ROOT/tests/python python -c '
import encoder_stream, read_stream
[r] = read_stream.records("new.mp", "rnn")
encoder_stream.write("bare.mp", [{k: v for k, v in r.items() if k in ("kind", "run", "step", "arch", "weights")}])'
    describe --model every.mp --format records < bare.mp > bare.report.mp
    gen-language --tokens 3 --max-n 4 | train-rnn --steps 2 --snapshots '' --hidden 4 --rollouts 2 --samples 2 > three.mp
    describe --model every.mp --format records < three.mp > three.report.mp
    describe --model every.mp < three.mp > three.text
    grep -q '^  WARNING  *it is of another kind ' three.text
    grep -q '^  *It asks one that reads 4 tokens, answers with 4 next tokens$' three.text
    grep -q '^  what it does  *not known$' three.text
    check << 'PYTHON'
[new], [bare], [three] = (records(f + ".report.mp", "report") for f in ("new", "bare", "three"))
assert new["says"] == bare["says"] and np.array_equal(new["z"], bare["z"]) and "right" not in bare
assert "loss" in bare and bare["loss"] > 0.2 and new["warned"] and bare["warned"]
assert "inputs" in three["unfit"] and "z" not in three and three["says"]["words"] > 0 and three["warned"] and len(three["warnings"]) == 1
PYTHON
}

@test "describe: files that PyTorch wrote; words of tokens that are named" {
    local golden=$ROOT/tests/golden/import
    import-rnn "$golden"/{lstm,gru,rnn_tanh}_linear.pt "$golden/language_model.pt" > imported.mp 2> /dev/null
    describe --bos 0 --eos 1 < imported.mp > text
    [[ $(grep -c '_linear.pt, run [0-2], step 0: \(lstm\|gru\|rnn_tanh\) of 2 x 16 units, [0-9]* weights, reads 5 numbers, answers with 4 classes$' text) == 3 ]]
    [[ $(grep -c '^  what it does  *not known$' text) == 4 && $(grep -c '^  WARNING ' text) == 4 && $(grep -c '^  says ' text) == 1 ]]
    rec-select --run 3 < imported.mp | rnn-words --bos 0 --eos 1 --max-prefixes 4000 | rec-table --kind word text | sed -n 1,2p > words
    [[ $(grep '^  says ' text) == *" $(sed -n 's/^$/(empty)/;1p' words) $(sed -n 2p words) "* ]]
    run -64 describe --bos x < imported.mp
}

@test "describe --fit: answers that a predictor does not know are wrong ones; emulations by other criteria are refused" {
    # Of held-out RNNs one class is renamed to what nobody has seen in training.
    rec-json --arrays whole < z.mp | sed '/"split":"validation"/s/"cell":"gru"/"cell":"rnn_tanh"/' | rec-json --reverse > renamed.mp
    cat model.mp <(classify --quiet --fit arch.cell --steps 300 --hidden 10 < z.mp) > cells.mp
    describe --fit cells.mp < z.mp > plain.mp
    describe --fit cells.mp < renamed.mp > other.mp
    check << 'PYTHON'
one, two = ([r for r in records(f) if r["kind"] == "calibration"][0] for f in ("plain.mp", "other.mp"))
held = [r for r in records("z.mp") if r["kind"] == "embedding" and r["split"] == "validation"]
lstms = sum(r["arch"]["cell"] == "lstm" for r in held)
assert one["answers"] == two["answers"] == len(held) > lstms
assert two["right"] <= lstms / len(held) + 1e-9 and two["calibration_error"] > 0
PYTHON
    emulate --model model.mp --criterion kl --rollouts 4 --clones 0 < zoo.mp > kl.mp
    run -65 bash -c 'cat z.mp kl.mp | describe --fit models.mp > /dev/null'
    [[ $output == *"its criterion is not total_variation"* ]]
}

@test "describe: the clone's loss is emulate's where answers are numbers, too" {
    gen-series --count 8 | train-rnn --steps 60 --snapshots '' --hidden 8 --rollouts 16 --samples 10 | partition --by run --validation 0.4 --ood 0 > series.mp
    probe --new --linear --probes 3 --length 6 --mlp-hidden 8 < series.mp > fresh.mp
    emulate --fit fresh.mp --steps 20 --batch 4 --hidden 8 --condition every < series.mp > model.mp
    emulate --model model.mp --rollouts 16 --clones 0 < series.mp > e.mp
    cat <(probe --model model.mp < series.mp) e.mp | describe --fit model.mp > own.mp
    describe --model own.mp --format records < series.mp > reports.mp
    check << 'PYTHON'
loss = {r["run"]: r["loss"] for r in records("e.mp") if r["kind"] == "emulation"}
shown = {r["run"]: r["loss"] for r in records("reports.mp") if r["kind"] == "report"}
assert loss.keys() == shown.keys() and all(abs(loss[run] - shown[run]) < 1e-3 * loss[run] for run in loss), (loss, shown)
PYTHON
}

@test "describe: what does not go together, damage, misuse" {
    run -65 describe --model models.mp < zoo.mp
    [[ $output == *"the predictor of 'task' is not calibrated: describe --fit does it" ]]
    run -65 describe --model zoo.mp < zoo.mp
    [[ $output == *"zoo.mp: no encoder record in it" ]]
    run -65 describe --model <(head -c -1 every.mp) < zoo.mp
    run -65 describe --model every.mp < <(head -c -1 zoo.mp)
    run -66 describe --model missing.mp < zoo.mp
    probe --new --linear --seed 9 < zoo.mp > other.mp
    probe --model other.mp < zoo.mp > z.other.mp
    run -65 describe --fit models.mp < z.other.mp
    [[ $output == *"by another encoder than that of models.mp" ]]
    run -65 describe --fit models.mp < <(rec-select --split train < z.mp)
    run -65 describe --model every.mp --zoo z.other.mp < zoo.mp
    run -64 describe --fit models.mp --model every.mp < z.mp
    run -64 describe --model - < zoo.mp
    run -65 describe --model every.mp --bos 77 < zoo.mp
    [[ $output == *"the token that begins a word is 77, outside 0 .. 3" ]]
    run -74 bash -c 'describe --model every.mp < zoo.mp > /dev/full'
}

@test "describe: the interrogator that comes with it knows a trained RNN, and what it does not know" {
    gen-language --seed 99 --count 2 | train-rnn --steps 1200 --snapshots '' --cell gru --rollouts 10 --samples 200 > trained.mp
    gen-language --seed 99 --count 2 | train-rnn --steps 1 --snapshots '' --rollouts 10 --samples 10 > untrained.mp
    gen-regular --tomita 1 | train-rnn --steps 300 --snapshots '' --hidden 8 --rollouts 2 > acceptor.mp
    for name in trained untrained acceptor; do describe --format records < $name.mp > $name.report.mp; done
    describe < trained.mp > text
    [[ $(grep -c '^  what it does  *a^n b^' text) == 2 && $(grep -c '^    by its words  *[0-9.]* % of what it says are words of this language: ' text) == 2 ]]
    run ! grep WARNING text
    check << 'PYTHON'
trained, untrained, [acceptor] = (records(f + ".report.mp", "report") for f in ("trained", "untrained", "acceptor"))
for r in trained:
    assert r["told"]["task"] == r["task"] and r["told"]["share"] > 0.8 and not r["warned"] and r["loss"] < 0.1
    assert r["does"]["task"] == r["task"] and r["does"]["by"] == "words"
    assert [p["target"] for p in r["predicted"]] == ["task", "accuracy", "step"]
    p = r["predicted"][0]
    assert len(p["answers"]) == len(p["confidence"]) == 3
assert all(r["warned"] and r["loss"] > 0.1 and r["does"] is None for r in untrained)
assert "inputs" in acceptor["unfit"] and "z" not in acceptor and "says" not in acceptor and acceptor["warned"]
PYTHON
    [[ $(stat -c %s "$ROOT/pipelines/language/interrogator.mp") -lt 3000000 ]]
}
