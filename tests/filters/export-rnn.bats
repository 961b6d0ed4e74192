# export-rnn: RNNs as files of other programs, and back.

# shellcheck disable=SC2154 # bats sets stderr
load ../helper

GOLDEN=$ROOT/tests/golden

@test "one RNN as safetensors and .npz: the way there and back is the identity, bit for bit" {
    for file in lstm_linear.pt gru_linear.pt lstm_only.pt language_model.pt; do
        import-rnn --quiet "$GOLDEN/import/$file" > there.mp
        for format in safetensors npz; do
            export-rnn --format "$format" < there.mp > "net.$format"
            import-rnn "net.$format" > back.mp
            rec-json --no-meta --arrays whole < there.mp | sed 's/"name":"[^"]*",//' > there.json
            rec-json --no-meta --arrays whole < back.mp | sed 's/"name":"[^"]*",//' > back.json
            cmp there.json back.json
        done
    done
}

@test "other readers: NumPy's .npz, the safetensors header; the cell is in the metadata" {
    import-rnn --cell rnn_relu "$GOLDEN/import/rnn_tanh_linear.pt" > relu.mp
    export-rnn < relu.mp > relu.safetensors
    [[ $(import-rnn relu.safetensors | rec-table arch.cell) == rnn_relu ]]
    export-rnn --format npz < relu.mp > relu.npz
    python - << 'PYTHON'
import json, struct, zipfile, numpy as np
z = np.load("relu.npz")
data = open("relu.safetensors", "rb").read()
n = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + n])
assert n % 8 == 0 and header.pop("__metadata__") == {"format": "pt", "rnn_cell": "rnn_relu"}
assert list(header) == z.files and zipfile.ZipFile("relu.npz").testzip() is None
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    assert np.array_equal(np.frombuffer(data[8 + n + begin:8 + n + end], "<f4").reshape(entry["shape"]), z[name])
assert max(e["data_offsets"][1] for e in header.values()) == len(data) - 8 - n
PYTHON
}

@test "a directory of .npy: the published zoos come back as they are" {
    for zoo in fl smnist; do
        import-rnn "$GOLDEN/official_zoo_$zoo" > "$zoo.mp"
        export-rnn --format npy --to "$zoo" < "$zoo.mp"
        import-rnn "$zoo" > back.mp
        rec-diff --quiet "$zoo.mp" back.mp
        python - "$zoo" "$GOLDEN/official_zoo_$zoo" << 'PYTHON'
import glob, os, sys, numpy as np
ours, theirs = sys.argv[1:]
names = sorted(os.path.basename(f) for f in glob.glob(theirs + "/*.npy"))
assert sorted(os.path.basename(f) for f in glob.glob(ours + "/*.npy")) == names
for name in names:
    a, b = (np.load(os.path.join(d, name)) for d in (ours, theirs))
    assert a.dtype == b.dtype and a.shape == b.shape and (a != b).sum() <= (name == "sequences.npy"), name  # the first token put back
PYTHON
    done
}

@test "a directory of our own zoo, or of RNNs without tasks" {
    gen-language --count 2 --max-n 4 | train-rnn --steps 4 --snapshots 2,4 --hidden 8 --rollouts 3 --samples 10 > zoo.mp
    export-rnn --format npy --to zoo < zoo.mp
    import-rnn zoo > back.mp
    for mp in zoo back; do
        rec-table run step task.offsets task.max_n weights.lstm.weight_hh_l0 weights.linear.bias rollouts < "$mp.mp" > "$mp.txt"
    done
    cmp zoo.txt back.txt
    import-rnn --quiet "$GOLDEN/import/gru_linear.pt" "$GOLDEN/import/gru_linear.pt" > grus.mp
    export-rnn --format npy --to grus < grus.mp
    [[ $(import-rnn grus | rec-table arch.cell run | paste -sd ' ') == $'gru\t0 gru\t1' ]]
}

@test "what RNNs read and answer with comes back where their sizes don't tell it" {
    gen-lock --bits 3 --count 2 > lock.mp
    gen-regular --symbols 3 --count 2 | train-rnn --steps 4 --snapshots '' --hidden 8 --rollouts 3 --samples 10 > regular.mp
    import-rnn --quiet --reads tokens --answers numbers "$GOLDEN/import/language_model.pt" --embedding none --rnn lstm > chosen.mp
    for zoo in lock regular chosen; do
        rec-select --first 1 < $zoo.mp | tee one.mp | rec-json --no-meta | grep -o '"arch":{[^}]*}' > there.txt
        export-rnn < one.mp > one.safetensors
        import-rnn one.safetensors | rec-json --no-meta | grep -o '"arch":{[^}]*}' | cmp there.txt
        export-rnn --format npy --to $zoo < one.mp
        import-rnn $zoo > back.mp
        rec-json --no-meta < back.mp | grep -o '"arch":{[^}]*}' | cmp there.txt
        for field in inputs logits; do
            [[ $zoo == chosen ]] || cmp <(rec-npy "rollouts.$field" < one.mp) <(rec-npy "rollouts.$field" < back.mp)
        done
    done
    grep -q '"reads":"tokens","answers":"numbers"' there.txt
    # Two symbols, two verdicts: nobody can know any more that these are no next tokens.
    gen-regular --symbols 2 --count 1 | train-rnn --steps 4 --snapshots '' --hidden 8 --rollouts 3 --samples 10 | export-rnn --format npy --to two
    run -65 import-rnn two
    [[ $output == *"two/sequences.npy: no token follows the last answer"* ]]
}

@test "--to DIRECTORY: a file an RNN" {
    import-rnn --quiet --first-run 3 "$GOLDEN/import/lstm_linear.pt" "$GOLDEN/import/gru_linear.pt" > two.mp
    export-rnn --to nets < two.mp
    import-rnn --first-run 3 nets/run-3-step-0.safetensors nets/run-4-step-0.safetensors > back.mp
    [[ $(rec-table weights < two.mp) == "$(rec-table weights < back.mp)" ]]
    run -74 export-rnn --to nets < two.mp
    [[ $output == *'run-3-step-0.safetensors: File exists'* ]]
}

@test "what can't be written, and misuse" {
    import-rnn --quiet "$GOLDEN/import/lstm_linear.pt" "$GOLDEN/import/gru_linear.pt" > two.mp
    run -65 --separate-stderr export-rnn < two.mp
    [[ $stderr == *'more than one rnn record'* ]]
    run -65 --separate-stderr export-rnn --format npy --to zoo < two.mp
    [[ $stderr == *'run 1, step 0: a directory holds RNNs of one architecture'*gru* ]]
    gen-language > tasks.mp
    run -65 export-rnn < tasks.mp
    [[ $output == *'no rnn record in the stream'* ]]
    run -64 export-rnn --format npy < two.mp
    # What the published zoos' types don't hold: runs of more than 63 bits, tokens of more than 15.
    import-rnn --quiet --first-run 9223372036854775808 "$GOLDEN/import/lstm_linear.pt" > late.mp
    run -65 export-rnn --format npy --to late < late.mp
    [[ $output == *'run 9223372036854775808, step 0: its run or step is beyond what int64 holds' ]]
    PYTHONPATH=$ROOT/tests/python python -c 'import numpy as np
from make_rnns import rnn, write
r = rnn("gru", 1, inputs=40000, outputs=2)
r["rollouts"] = {"inputs": np.array([[1, 32767, 39999]]), "logits": np.zeros((1, 2, 2), "f4")}
write("wide.mp", [r])'
    run -65 export-rnn --format npy --to wide < wide.mp
    [[ $output == *'run 1, step 0: its rollouts have tokens beyond what int16 holds, as published zoos have them' ]]
    run -64 export-rnn --format onnx < two.mp
    head -c -1 two.mp > cut.mp
    run -65 export-rnn --to cut < cut.mp
    run -74 bash -c "import-rnn --quiet $GOLDEN/import/lstm_linear.pt | export-rnn > /dev/full"
}
