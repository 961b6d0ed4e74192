# import-rnn: networks in files of other programs.

# The scripts of bash -c expand in the inner shell; bats sets stderr.
# shellcheck disable=SC2016,SC2154
load ../helper

GOLDEN=$ROOT/tests/golden/import

@test "files as the libraries write them: each has its stated outcome, imported ones the same outputs" {
    run -0 python "$ROOT/tests/python/check_imports.py" "$GOLDEN"
    [[ $output =~ ^[0-9]+' files, 0 not as expected'$ ]]
}

@test "what is there under other names, in parts, beside other things" {
    run -0 python "$ROOT/tests/python/import_cases.py"
    [[ $output =~ ^[0-9]+' cases, 0 not as expected'$ ]]
}

@test "runs are numbered from --first-run, in the order of files; name, step and history" {
    cp "$GOLDEN/lstm_linear.pt" 'my net.pt'
    import-rnn --first-run 7 --step 30 'my net.pt' "$GOLDEN/lstm_only.pt" "$GOLDEN/lstm_linear.npz" > rnns.mp
    run -0 rec-table run step name arch.cell arch.input arch.hidden arch.layers arch.output < rnns.mp
    [[ ${lines[0]} == $'7\t30\tmy net.pt\tlstm\t5\t16\t2\t4' ]]
    [[ ${lines[1]} == $'8\t30\tlstm_only.pt\tlstm\t5\t16\t2\t16' ]]
    [[ ${lines[2]} == $'9\t30\tlstm_linear.npz\tlstm\t5\t16\t2\t4' ]]
    rec-info rnns.mp | found 'import-rnn --first-run 7'
    # The same weights, whatever the file.
    [[ $(rec-table weights.lstm.weight_hh_l1 linear.bias < rnns.mp | sed -n '1p;3p' | sort -u | wc -l) == 1 ]]
    probe --new --hidden 8 < rnns.mp > encoder.mp
    import-rnn 'my net.pt' | probe --model encoder.mp | rec-info --quiet
}

@test "--task and --named: tasks of all files, and what their names tell" {
    mkdir down
    for file in up-3.pt up-12.pt down/8.pt; do cp "$GOLDEN/lstm_linear.pt" "$file"; done
    import-rnn --task sorting --named '{data}-{width}.pt' up-*.pt > zoo.mp
    rec-json < zoo.mp | grep -oE '"task":[^}]*}' > tasks
    [[ $(paste -sd ' ' tasks) == '"task":{"family":"sorting","data":"up","width":12} "task":{"family":"sorting","data":"up","width":3}' ]]
    import-rnn --named '{family}/{width}.pt' down/8.pt | rec-table task.family task.width > row
    [[ $(< row) == $'down\t8' ]]
    import-rnn -t '{"family": "sorting", "of": [1, {"a": null}]}' up-3.pt | rec-json | found '"task":{"family":"sorting","of":\[1,{"a":null}\]}'
    partition --by task.width --ood 'task.width > 10' < zoo.mp | rec-table task.width split > splits
    grep -qx $'12\tood' splits
    for id in 20241201123456789001 20241201123456789002 18446744073709551615 0012; do cp up-3.pt "id-$id.pt"; done
    import-rnn --task s --named 'id-{id}.pt' id-*.pt | rec-json | grep -o '"id":[^}]*' > ids
    [[ $(paste -sd ' ' ids) == '"id":12 "id":18446744073709551615 "id":"20241201123456789001" "id":"20241201123456789002"' ]]
    run -64 import-rnn --task '' up-3.pt
    [[ $output == "import-rnn: --task: '' is no name of a family"* ]]
    run -64 import-rnn --task '[1]' up-3.pt
    [[ $output == "import-rnn: --task: '[1]' is no JSON object"* ]]
    run -64 import-rnn --task '{"family":""}' up-3.pt
    run -65 --separate-stderr import-rnn --task sorting --named '{width}.h5' up-3.pt
    [[ $stderr == "import-rnn: up-3.pt: its name is not as '{width}.h5'" ]]
    run -65 --separate-stderr import-rnn --task '{"family": 3}' up-3.pt
    [[ $stderr == "import-rnn: up-3.pt: task: key 'family' is no short text" ]]
    run -65 --separate-stderr import-rnn --task formal-language up-3.pt
    [[ $stderr == "import-rnn: up-3.pt: task: "* ]]
    run -64 import-rnn --task '{"family":' up-3.pt
    [[ $output == "import-rnn: --task: '{\"family\":': column 11: a value is expected"* ]]
    run -64 import-rnn --named '{data}' up-3.pt
    [[ $output == "import-rnn: --named: nothing tells the task's family"* ]]
    run -64 import-rnn --task x "$ROOT/tests/golden/official_zoo_fl"
    [[ $output == "import-rnn: $ROOT/tests/golden/official_zoo_fl is a zoo"* ]]
}

@test "a file's name may be any bytes, a record's name is UTF-8" {
    cp "$GOLDEN/lstm_linear.pt" $'net\xff.pt'
    import-rnn $'net\xff.pt' | rec-table name > name
    [[ $(< name) == $'net\xef\xbf\xbd.pt' ]]
    run -65 --separate-stderr import-rnn --task x --named '{a}.pt' $'net\xff.pt'
    [[ $stderr == *': its name is no UTF-8' ]]
}

@test "--list shows all tensors, also of what can't be imported" {
    cp "$GOLDEN/lstm_float16.pt" $'a\e[31m\tb.pt'
    run -0 import-rnn --list $'a\e[31m\tb.pt'
    [[ ${lines[0]} == 'a\x1b[31m\tb.pt'$'\t'* && $(awk -F '\t' '{ print NF }' <<< "$output" | sort -u) == 4 ]]
    run -0 import-rnn --list "$GOLDEN/lstm_float16.pt" "$GOLDEN/cnn.pt" "$GOLDEN/quantized_int8.pt"
    [[ ${lines[0]} == "$GOLDEN"/lstm_float16.pt$'\tlstm.weight_ih_l0\tfloat16\t[64,5]' ]]
    [[ $output == *$'cnn.pt\tbn1.num_batches_tracked\tint64\t[]'* && $output == *$'quantised\t?'* ]]
}

@test "what was assumed is said, unless --quiet" {
    run -0 --separate-stderr import-rnn "$GOLDEN/lstm_nobias.pt"
    [[ $stderr == "import-rnn: $GOLDEN/lstm_nobias.pt: no biases in the recurrent layers: they become zeros" ]]
    run -0 --separate-stderr import-rnn --quiet "$GOLDEN/lstm_nobias.pt"
    [[ -z $stderr ]]
}

@test "misuse, missing files, no files of these kinds, output that can't be written" {
    run -64 import-rnn
    [[ $output == "import-rnn: at least one FILE is needed"* ]]
    run -64 import-rnn --cell mlp "$GOLDEN/lstm_linear.pt"
    run -66 --separate-stderr import-rnn missing.pt
    [[ $stderr == "import-rnn: missing.pt: "* ]]
    : > empty
    printf 'run,step\n1,2\n' > text
    gen-language > tasks.mp
    tail -c 5000 "$GOLDEN/lstm_linear.safetensors" > tail
    for file in empty text tasks.mp tail; do
        run -65 --separate-stderr import-rnn "$file"
        [[ $stderr == "import-rnn: $file: "* ]]
        [[ $file != text || $stderr == *"of no format that is known here"*"it looks like text"* ]]
    done
    # The file is named, also where the error begins with the same letters.
    python -c 'import numpy as np
np.savez("rnn.npz", **{"rnn.weight_ih_l0": np.full((4, 2), np.nan, "f4"), "rnn.weight_hh_l0": np.zeros((4, 4), "f4"), "linear.weight": np.zeros((2, 4), "f4")})'
    mv rnn.npz rnn
    run -65 --separate-stderr import-rnn rnn
    [[ $stderr == *'import-rnn: rnn: rnn.weight_ih_l0: a weight is not finite' ]]
    run -74 bash -c 'import-rnn "$1" > /dev/full' - "$GOLDEN/lstm_linear.pt"
    run -65 --separate-stderr bash -c 'import-rnn --max-record-bytes 1000 "$1"' - "$GOLDEN/lstm_linear.pt"
    [[ $stderr == *'an RNN of 3716 weights, more than 250'* ]]
}

@test "directories of the published zoos: weights, tasks, steps, rollouts, accuracies" {
    for zoo in fl smnist; do
        import-rnn "$ROOT/tests/golden/official_zoo_$zoo" | python "$ROOT/tests/python/check_npy_zoo.py" "$ROOT/tests/golden/official_zoo_$zoo" >> text
    done
    [[ $(paste -sd , text) == "2 rows, 1 first tokens put back,2 rows, 0 first tokens put back" ]]
    import-rnn --first-run 5 "$ROOT/tests/golden/official_zoo_smnist" "$ROOT/tests/golden/official_zoo_fl" "$GOLDEN/lstm_linear.pt" > all.mp
    # Runs go on after the last one of a directory.
    [[ $(rec-table run < all.mp | paste -sd ' ') == "5 5 6 10 11" ]]
    run -65 --separate-stderr import-rnn --first-run 18446744073709551614 "$ROOT/tests/golden/official_zoo_fl"
    [[ $stderr == *'beyond the greatest number of a run'* ]]
    import-rnn "$ROOT/tests/golden/official_zoo_smnist" | partition > smnist.mp
    probe --new --hidden 8 < smnist.mp | rec-info --quiet
}

@test "directories that are no zoo, or not whole" {
    mkdir none
    run -66 --separate-stderr import-rnn none
    [[ $stderr == "import-rnn: none/parameters.npy: "*"files are named, as in none/*.pt)" ]]
    for file in parameters sequences tasks; do
        rm -rf zoo
        cp -r "$ROOT/tests/golden/official_zoo_fl" zoo
        head -c -1 "zoo/$file.npy" > cut && mv cut "zoo/$file.npy"
        run -65 --separate-stderr import-rnn zoo
        [[ $stderr == "import-rnn: zoo/$file.npy: is cut off"* ]]
    done
    cp "$ROOT/tests/golden/official_zoo_fl/tasks.npy" zoo
    sed -i 's/"rnn_hidden_size": 32/"rnn_hidden_size": 33/' zoo/args.json
    run -65 --separate-stderr import-rnn zoo
    [[ $stderr == *'rows of 13766 parameters'* ]]
}
