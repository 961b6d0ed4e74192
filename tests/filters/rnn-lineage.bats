# rnn-lineage: parents from weights.

# shellcheck disable=SC2154,SC2016
load ../helper

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return
    gen-language --tokens 3 --max-n 4 --count 4 | train-rnn --steps 500 --snapshots 0,100,200,500 --rollouts 1 --samples 10 > zoo.mp
}

setup() {
    cp "$BATS_FILE_TMPDIR"/zoo.mp .
}

@test "chains of snapshots are found from weights alone, whatever the order of the records" {
    rnn-lineage --truth < zoo.mp > arcs.mp
    # 12 arcs and 4 roots: at least 15 right; families all right
    [[ $(rec-table parent.run parent.step truth.run truth.step < arcs.mp | awk '$1 == $3 && $2 == $4' | wc -l) -ge 15 ]]
    [[ $(rec-table run family < arcs.mp | sort -u | wc -l) == 4 && $(rec-table family < arcs.mp | sort -u | wc -l) == 4 ]]
    [[ $(rec-table how < arcs.mp | grep -c root) == 4 ]]
    # with the steps known, all of them
    rnn-lineage --truth --time step < zoo.mp > timed.mp
    [[ $(rec-table parent.run parent.step truth.run truth.step undecided < timed.mp | awk '$1 == $3 && $2 == $4 && !$5' | wc -l) == 16 ]]
    # reversed: the same arcs
    cat <(rec-select --step 500 < zoo.mp) <(rec-select --step 200 < zoo.mp) <(rec-select --step 0-100 < zoo.mp) | rnn-lineage --truth > other.mp
    diff <(rec-table run step parent.run parent.step < arcs.mp | sort) <(rec-table run step parent.run parent.step < other.mp | sort)
}

@test "quantised, pruned, merged and copied RNNs are called what they are" {
    python << 'PYTHON'
import msgpack, msgpack_numpy, numpy as np, zlib
records = [r for r in msgpack.Unpacker(open("zoo.mp", "rb"), object_hook=msgpack_numpy.decode) if r["kind"] == "rnn" and r["run"] == 0]
def derived(run, parent, change):
    r = dict(parent, run=run, parent={"run": parent["run"], "step": parent["step"]})
    r["weights"] = {k: change(k, v).astype("<f4") for k, v in parent["weights"].items()}
    return r
def quantise(k, w):
    scale = np.abs(w).max() / 7
    return np.round(w / scale) * scale
last, first = records[-1], records[1]
made = [derived(10, last, quantise), derived(11, last, lambda k, w: np.where(np.abs(w) < np.quantile(np.abs(w), .3), 0, w)),
        derived(12, last, lambda k, w: 0.7 * w + 0.3 * first["weights"][k]), derived(13, last, lambda k, w: w)]
made[0]["step"] = 500
meta = {"kind": "meta", "format": 1, "program": "test", "version": "1", "history": []}
data = b"".join(msgpack.packb(r, default=msgpack_numpy.encode) for r in [meta] + records + made)
open("family.mp", "wb").write(data + msgpack.packb({"kind": "end", "records": 1 + len(records + made), "crc32": zlib.crc32(data)}))
PYTHON
    rec-info < family.mp
    rnn-lineage --truth < family.mp > arcs.mp
    rec-table child.run how parent.run parent.step second.step share undecided < arcs.mp > table
    grep -qP '^10\tquantised\t0\t500' table
    grep -qP '^11\tpruned\t0\t500' table
    grep -qP '^12\tmerged\t0\t500\t100\t0\.(69999|7000)' table
    grep -qP '^13\tcopied\t0\t500\t.*\t1$' table
    [[ $(rec-table family < arcs.mp | sort -u) == 0 ]]
}

@test "a merge of RNNs that are not the most similar ones is found" {
    gen-language --tokens 3 --max-n 4 | train-rnn --hidden 16 --steps 900 --snapshots 0,50,100,150,200,250,300,350,400,450,500,550,600,650,700,750,800,850,900 --rollouts 1 --samples 10 > run.mp
    [[ $(rec-table step < run.mp | wc -l) == 19 ]]
    rec-select --step 900 < run.mp > last.mp
    rec-select --step 0 < run.mp | rnn-perturb --merge last.mp --share 0.5 --first-run 7 > merged.mp
    cat run.mp merged.mp | rnn-lineage > arcs.mp
    rec-select --run 7 < arcs.mp | rec-table how parent.run second.run parent.step second.step share > table
    grep -qP '^merged\t0\t0\t(0\t900|900\t0)\t0\.(5|49999|50000)' table
    [[ $(rec-table how < arcs.mp | grep -c merged) == 1 ]]
    # a shifted split of the biases makes a copy; distances are of their sums
    rec-select --step 900 < run.mp | rnn-perturb --shift-bias 0.5 --first-run 8 > shifted.mp
    cat run.mp shifted.mp | rnn-lineage | rec-select --run 8 | rec-table how parent.step distance | awk '{ exit !($1 == "copied" && $2 == 900 && $3 < 1e-4) }'
}

@test "copies that are hidden by symmetries are found with --align" {
    rec-select --run 0-1 --step 100- < zoo.mp > shown.mp
    rec-select --step 500 < shown.mp | rnn-perturb --permute --rescale --shift-bias 0.3 --first-run 20 > hidden.mp
    rec-select --run 1 --step 200 < shown.mp | rnn-perturb --permute --rescale --quantise 5 --first-run 30 >> hidden.mp
    cat shown.mp hidden.mp | rnn-lineage > without.mp
    [[ $(rec-select --run 20-30 < without.mp | rec-table how | sort | uniq -c | tr -s ' ') == ' 3 root' ]]
    run -0 --separate-stderr bash -c 'cat shown.mp hidden.mp | rnn-lineage --align > with.mp'
    [[ $stderr == *"3 of 9 RNNs were brought"* ]]
    rec-select --run 20-30 < with.mp | rec-table run parent.run parent.step how > table
    diff table <(printf '20\t0\t500\tcopied\n21\t1\t500\tcopied\n30\t1\t200\tquantised\n')
}

@test "time decides between copies, too; two of one name are told; what reads the inputs has no part in kurtosis" {
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import rnn, write
first = rnn("lstm", 1, hidden=16, step=5, when=2)
write("copies.mp", [first, dict(first, run=2, when=1)])
write("twins.mp", [first, first])
a, b = rnn("lstm", 1, inputs=6, hidden=6, outputs=6), rnn("lstm", 1, inputs=6, hidden=6, outputs=6)
b["run"] = 2
b["weights"]["lstm.weight_ih_l0"] = b["weights"]["lstm.weight_ih_l0"] ** 3
write("square.mp", [a, b])'
    rnn-lineage < copies.mp | rec-table run parent.run how undecided > table
    diff table <(printf '1\t?\troot\t0\n2\t1\tcopied\t1\n')
    rnn-lineage --time when < copies.mp | rec-table run parent.run how undecided > table
    diff table <(printf '1\t2\tcopied\t0\n2\t?\troot\t0\n')
    run -0 --separate-stderr bash -c 'rnn-lineage < twins.mp > /dev/null'
    [[ $stderr == 'rnn-lineage: run 1, step 5 is there more than once'* ]]
    [[ $(rnn-lineage < square.mp | rec-table kurtosis | sort -u | wc -l) == 1 ]]
}

@test "a graph for Graphviz" {
    run -0 rnn-lineage --dot < zoo.mp
    [[ ${lines[0]} == 'digraph lineage {' && ${lines[-1]} == '}' ]]
    [[ $(grep -c 'peripheries=2' <<< "$output") == 4 && $(grep -c -- '->' <<< "$output") == 12 ]]
    [[ $output == *'"run 0, step 0" -> "run 0, step 100"'* ]]
    PYTHONPATH=$ROOT/tests/python python -c 'from make_rnns import rnn, write
write("named.mp", [rnn("gru", 1, name="a\x1b[31m\n\"b\".pt"), rnn("gru", 2, name="c")])'
    run -0 rnn-lineage --dot < named.mp
    [[ $output == *$'\n    "a\\\\x1b[31m\\\\n\\"b\\".pt" [peripheries=2];\n'* ]]
}

@test "unsuitable input is refused and named" {
    gen-language --count 1 --first-run 9 | train-rnn --steps 1 --snapshots 0 --hidden 4 --rollouts 1 --samples 1 > other.mp
    run -65 --separate-stderr bash -c 'cat zoo.mp other.mp | rnn-lineage'
    [[ $stderr == *"another architecture"* ]]
    run -65 --separate-stderr rnn-lineage --limit 3 < zoo.mp
    [[ $stderr == *"more than 3 RNNs"* ]]
    run -65 --separate-stderr rnn-lineage --time metrics.nothing < zoo.mp
    [[ $stderr == *"no number 'metrics.nothing'"* ]]
    run -65 --separate-stderr bash -c 'rec-select --run 77 < zoo.mp | rnn-lineage'
    [[ $stderr == *"there is no rnn record"* ]]
    run -65 rnn-lineage < <(head -c -1 zoo.mp)
}
