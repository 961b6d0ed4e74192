# rec-json: a stream as JSON Lines, and back.

load ../helper

setup() {
    make_stream small.mp << 'RECORDS'
[{"kind": "rnn", "run": 2**64 - 1, "step": -3, "metrics": {"loss": 0.1, "accuracy": 1.0, "bad": float("nan")},
  "w": np.array([[1, -2, 0.5], [0, 3, 4]], "<f4")},
 {"kind": "log", "text": 'a "q" \\ \n \x01 \u00e9', "raw": b"\x00\x01\x02\xff", "none": None, "yes": True, "list": [], "map": {}},
 {"kind": "log", "n": np.array([np.nan, 1, -np.inf], "<f8"), "i": np.array([2**63], "<u8"), "s": np.float32(0.1), "e": np.zeros((0, 3), "<f2")}]
RECORDS
}

@test "every record is a line of JSON, arrays are summarised" {
    run -0 --separate-stderr rec-json < small.mp
    [[ ${#lines[@]} == 5 && -z $stderr ]]
    [[ ${lines[0]} == '{"kind":"meta","format":1,"program":"test","version":"1","history":[{"program":"test","version":"1","argv":["test"]}]}' ]]
    [[ ${lines[1]} == '{"kind":"rnn","run":18446744073709551615,"step":-3,"metrics":{"loss":0.1,"accuracy":1.0,"bad":"NaN"},"w":{"dtype":"<f4","shape":[2,3],"min":-2,"max":4,"mean":1.08333}}' ]]
    [[ ${lines[2]} == '{"kind":"log","text":"a \"q\" \\ \n \u0001 é","raw":{"base64":"AAEC/w=="},"none":null,"yes":true,"list":[],"map":{}}' ]]
    [[ ${lines[3]} == '{"kind":"log","n":{"dtype":"<f8","shape":[3],"min":"NaN","max":"NaN","mean":"NaN"},"i":{"dtype":"<u8","shape":[1],"min":9223372036854775808,"max":9223372036854775808,"mean":9.22337e+18},"s":{"dtype":"<f4","scalar":0.1},"e":{"dtype":"<f2","shape":[0,3],"min":null,"max":null,"mean":null}}' ]]
    [[ ${lines[4]} == '{"kind":"end","records":4,"crc32":'* ]]
}

@test "--arrays whole shows the items; --kind and --no-meta choose records" {
    run -0 rec-json --arrays whole --no-meta --kind 'rnn|task' < small.mp
    [[ $output == '{"kind":"rnn",'*'"w":{"dtype":"<f4","shape":[2,3],"data":[1,-2,0.5,0,3,4]}}' && ${#lines[@]} == 1 ]]
    run -0 --separate-stderr rec-json --no-meta --kind none < small.mp
    [[ -z $output && $stderr == 'rec-json: no record of kind none' ]]
    run -0 rec-json --arrays whole --no-meta < small.mp
    [[ $output == *'"data":["NaN",1,"-Infinity"]'* ]]
}

@test "other JSON readers take the lines" {
    rec-json < small.mp | python -c 'import json, sys; print(sum(1 for line in sys.stdin if json.loads(line)))' > count
    [[ $(< count) == 5 ]]
}

@test "there and back again is the identity on bytes" {
    make_stream all.mp << 'RECORDS'
[{"kind": "x", "a": np.frombuffer(np.random.default_rng(1).bytes(1600), np.uint8).view(t)[:].reshape(2, -1), "s": np.dtype(t).type(1)}
 for t in ("|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8")]
+ [{"kind": "x", "a": (lambda a: a[~np.isnan(a)])(np.frombuffer(np.random.default_rng(2).bytes(8000), np.uint8).view(t)),
   "b": np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 0.1], t), "f": [0.1, 1.0, -0.0, 1e300, 5e-324, float("inf")]} for t in ("<f2", "<f4", "<f8")]
+ [{"kind": "x", "b": np.array([True, False]), "zero": np.array(3.0), "d": {"dtype": "<f4", "other": 1}, "m": {}, "l": [[], [None, False]],
   "i": [0, 127, 128, 65535, 2**32, 2**64 - 1, -1, -32, -33, -2**63], "raw": b"",
   "twice": np.array([0x15AE43FD], "u4").view("f4"), "long": "\u00e9\U0001d11e" * 200}]
RECORDS
    cat small.mp all.mp > both.mp
    rec-json --arrays whole < both.mp > both.jsonl
    rec-json --reverse < both.jsonl > again.mp
    cmp both.mp again.mp
}

@test "edited lines make a valid stream" {
    rec-json --arrays whole < small.mp | sed 's/"loss":0.1/"loss":0.25/; /"kind":"log"/d' | rec-json --reverse > edited.mp
    run -0 rec-json < edited.mp
    [[ ${lines[1]} == *'"loss":0.25'* && ${lines[2]} == '{"kind":"end","records":2,'* ]]
}

@test "damaged input exits 65 after the whole records" {
    size=$(stat -c %s small.mp)
    head -c "$((size - 10))" small.mp > cut.mp
    run -65 --separate-stderr rec-json < cut.mp
    [[ ${#lines[@]} == 4 && $stderr == "rec-json: standard input: record 5 (byte "* ]]
    run -65 rec-json < /dev/null
    run -65 rec-json --reverse < /dev/null
    run -65 rec-json <<< "no stream"
}

@test "lines that are no records exit 65 and are named" {
    meta='{"kind":"meta","format":1,"program":"t","version":"1"}'
    run_lines() { run -65 --separate-stderr bash -c 'rec-json --reverse > out.mp' <<< "$1"; }
    run_lines "$meta"
    [[ $stderr == "rec-json: standard input: line 2: the input ends without an end record" ]]
    run_lines '{"kind":"rnn"}'
    [[ $stderr == *"line 1: a segment has to begin with a meta record" ]]
    run_lines "$meta"$'\n'"$meta"
    [[ $stderr == *"line 2: a meta record before the end record" ]]
    for line in '' '[1]' '{"a":1}' '{"kind":"x",}' '{"kind":"x","a":01}' '{"kind":"x"} x' '{"kind":"x","a":1e999}' '{"kind":"x","a":"\ud800"}' \
        '{"kind":"x","a":18446744073709551616}' '{"kind":"x","kind":"y"}' '{"kind":"x","a":{"base64":"A"}}' $'{"kind":"x","a":"\xff"}' \
        '{"kind":"x","a":{"dtype":"<f4","shape":[3],"data":[1,2]}}' '{"kind":"x","a":{"dtype":"|u1","shape":[1],"data":[256]}}' \
        '{"kind":"x","a":{"dtype":"<f4","shape":[1],"data":[1e39]}}' '{"kind":"x","a":{"dtype":"<f2","shape":[1],"data":[1e39]}}' \
        '{"kind":"x","a":{"dtype":"<f2","shape":[1],"data":[65520]}}' \
        '{"kind":"x","a":{"dtype":"|u1","shape":[1],"data":[0.5]}}' '{"kind":"x","a":{"dtype":"<f4","shape":[4294967296,4294967297],"data":[]}}'; do
        run_lines "$meta"$'\n'"$line"
        [[ $stderr == "rec-json: standard input: line 2: "* ]] || { echo "$line: $stderr"; false; }
    done
    run_lines "$meta"$'\n''{"kind":"x","a":{"dtype":"<f4","shape":[1],"min":1,"max":1,"mean":1}}'
    [[ $stderr == *"summarised arrays can't be read back" ]]
    run_lines "$(printf '[%.0s' {1..10000})"
    [[ $stderr == *"nested deeper than 32 levels" ]]
}

@test "output that can't be written exits 74, a closed pipe ends quietly, closed input exits 66" {
    run -74 bash -c 'rec-json < small.mp > /dev/full'
    run -74 bash -c 'rec-json < small.mp >&-'
    rec-json --arrays whole < small.mp > small.jsonl
    run -74 bash -c 'rec-json --reverse < small.jsonl > /dev/full'
    run -66 bash -c 'rec-json <&-'
    run -66 bash -c 'rec-json --reverse <&-'
    repeat 200 small.mp > long.mp
    for before in true 'trap "" PIPE'; do
        run -0 --separate-stderr bash -c "$before; rec-json < long.mp | head -1 > /dev/null; exit \$((PIPESTATUS[0] != 141))"
        [[ -z $stderr ]]
    done
}

@test "terminals: text may go there, records may not come from or go there" {
    command -v script > /dev/null || skip "no script(1)"
    run -64 script -qec 'rec-json' /dev/null < /dev/null
    [[ $output == *"standard input is a terminal"* ]]
    run -0 script -qec 'rec-json < small.mp' /dev/null < /dev/null
    rec-json --arrays whole < small.mp > small.jsonl
    run -64 script -qec 'rec-json --reverse < small.jsonl' /dev/null < /dev/null
    [[ $output == *"standard output is a terminal"* ]]
}
