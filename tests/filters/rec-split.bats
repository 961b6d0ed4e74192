# rec-split: cuts a stream into shards.

# The scripts of bash -c expand in the inner shell; bats sets stderr.
# shellcheck disable=SC2016,SC2154
load ../helper

data() { python "$ROOT/tests/python/data_records.py"; }
counts() { local f; for f; do rec-table kind < "$f" | wc -l; done | tr '\n' ' '; }

# Three segments with histories of their own: 30 snapshots of 12 runs, nothing, and a model with its curve.
setup() {
    for part in first second third; do
        case $part in
            first) echo '[{"kind": "rnn", "run": r, "step": t, "w": np.arange(50 * r + t, dtype="<f4")} for r in range(12) for t in range(1 + r % 4)]' ;;
            second) echo '[]' ;;
            third) echo '[{"kind": "encoder", "type": "flat"}] + [{"kind": "log", "step": t} for t in range(4)]' ;;
        esac | make_stream $part.mp
        rec-json --arrays whole < $part.mp | sed "s/\"argv\":\[\"test\"\]/\"argv\":[\"$part\"]/" | rec-json --reverse > $part.new
        mv $part.new $part.mp
    done
    cat first.mp second.mp third.mp > all.mp
    mkdir out
}

@test "split then cat is the identity on the data, for all ways to cut" {
    data < all.mp > want
    for way in '--shards 1' '--shards 2' '--shards 7' '--shards 35' '--shards 100' '--records 1' '--records 4' '--records 34' '--records 35' '--records 1000'; do
        for more in '' --by-run --empty '--by-run --empty'; do
            rm -f out/*
            # shellcheck disable=SC2086
            rec-split $way $more --output out/%03d.mp < all.mp > names
            diff names <(printf '%s\n' out/*)
            cat out/* > again.mp
            data < again.mp | cmp - want || { echo "$way $more"; false; }
            for shard in out/*; do rec-json < "$shard" > /dev/null; done
        done
    done
}

@test "sizes: shards differ by one, records are a limit, no shard is empty unless asked" {
    split() { rm -f out/* && rec-split "$@" --output out/%03d.mp < "$input" > names; }
    input=all.mp
    split --shards 4
    [[ $(counts out/*) == '9 9 9 8 ' ]]
    split --shards 40
    [[ $(wc -l < names) == 35 ]]
    split --shards 40 --empty
    [[ $(wc -l < names) == 40 && $(counts out/03[3-9].mp) == '1 1 0 0 0 0 0 ' ]]
    split --records 10
    [[ $(counts out/*) == '10 10 10 5 ' ]]
    input=second.mp
    for way in '--shards 3' '--records 3'; do
        # shellcheck disable=SC2086
        split $way
        [[ ! -s names && -z $(ls out) ]]
    done
    split --shards 2 --empty
    [[ $(counts out/*) == '0 0 ' ]]
    split --records 2 --empty
    [[ $(counts out/*) == '0 ' ]]
}

@test "--by-run keeps runs whole, also when their records are apart" {
    make_stream mixed.mp <<< '[{"kind": "rnn", "run": r, "step": t} for t in range(3) for r in range(7)] + [{"kind": "log"}]'
    rec-split --by-run --shards 3 --output out/%d.mp < mixed.mp
    [[ $(counts out/*) == '9 9 4 ' ]] # of 8 runs and records without one: 3, 3, 2
    [[ $(for f in out/*; do rec-table run < "$f" | sort -u; done | grep -vc '?') == 7 ]]
    [[ $(rec-table run step < out/0.mp | tr '\t\n' ': ') == '0:0 1:0 2:0 0:1 1:1 2:1 0:2 1:2 2:2 ' ]]
    rm out/*
    rec-split --by-run --records 7 --output out/%d.mp < mixed.mp
    [[ $(counts out/*) == '6 6 6 4 ' ]]
    rm out/*
    rec-split --by-run --records 2 --output out/%d.mp < mixed.mp # a run that is larger stays whole
    [[ $(counts out/*) == '3 3 3 3 3 3 3 1 ' ]]
}

@test "each shard has the segments that its records come from, with their history and this program" {
    rec-split --shards 2 --output out/%d.mp < all.mp
    history() { rec-json --kind none < "$1" | grep '"meta"' | grep -o '"argv":\["[a-z]*"' | tr '\n' ' '; }
    [[ $(history out/0.mp) == '"argv":["first" ' && $(grep -ac rec-split out/0.mp) -gt 0 ]]
    [[ $(history out/1.mp) == '"argv":["first" "argv":["third" ' ]]
    [[ $(rec-json --kind none < out/1.mp | grep -c '"end"') == 2 ]]
}

@test "a pipe gives the same bytes as a file; the names feed parallel" {
    rec-split --shards 3 --output out/f%d.mp < all.mp > names
    rec-split --shards 3 --output out/p%d.mp < <(cat all.mp) > /dev/null
    for s in 0 1 2; do
        cmp <(data < out/f$s.mp) <(data < out/p$s.mp)
    done
    parallel -k 'rec-table kind < {} | wc -l' < names > lengths
    [[ $(tr '\n' ' ' < lengths) == '12 12 11 ' ]]
}

@test "patterns of names" {
    rec-split --shards 2 --output 'out/100%%-%02d%%.mp' < all.mp > names
    [[ $(< names) == $'out/100%-00%.mp\nout/100%-01%.mp' && -e out/100%-01%.mp ]]
    cd out
    rec-split --shards 2 < ../all.mp > names
    [[ $(< names) == $'shard-0000.mp\nshard-0001.mp' ]]
    for bad in none '%d%d' '%s' '%' '%4d' '%d%' '%999d' 'a%dq%x'; do
        run -64 --separate-stderr rec-split --shards 2 --output "$bad" < ../all.mp
        [[ $stderr == "rec-split: --output: '$bad' has to have one %d"* ]]
    done
    run -64 rec-split < ../all.mp
    run -64 rec-split --shards 2 --records 3 < ../all.mp
    [[ $output == "rec-split: one of --shards and --records is needed"* ]]
    run -64 rec-split --shards 0 < ../all.mp
}

@test "files that are there are refused before anything is written, or replaced with --force" {
    echo old > out/2.mp
    run -74 --separate-stderr rec-split --shards 3 --output out/%d.mp < all.mp
    [[ -z $output && $stderr == "rec-split: out/2.mp is there already; --force replaces it" && $(ls out) == 2.mp && $(< out/2.mp) == old ]]
    rec-split --shards 3 --force --output out/%d.mp < all.mp > names
    [[ $(wc -l < names) == 3 ]]
    cmp <(cat out/?.mp | data) <(data < all.mp)
    # What an older split has left is pointed out.
    run -0 --separate-stderr rec-split --shards 2 --force --output out/%d.mp < all.mp
    [[ $stderr == "rec-split: out/2.mp is there, and no part of this split" ]]
    run -0 --separate-stderr rec-split --quiet --shards 2 --force --output out/%d.mp < all.mp
    [[ -z $stderr ]]
}

@test "damaged input exits 65 and makes no file" {
    size=$(stat -c %s all.mp)
    head -c $((size - 5)) all.mp > cut.mp
    head -c "$size" /dev/zero | tr '\0' x > text.mp
    LC_ALL=C sed 's/flat/flaT/' all.mp > flipped.mp
    : > empty.mp
    for bad in cut text flipped empty; do
        for way in '--shards 3' '--records 2' '--shards 2 --by-run --empty'; do
            # shellcheck disable=SC2086
            run -65 --separate-stderr rec-split $way --output out/%d.mp < $bad.mp
            [[ -z $output && $stderr == "rec-split: standard input: record "* && -z $(ls out) ]]
        done
    done
}

@test "a full disk exits 74 and leaves nothing; a killed split leaves nothing that has a shard's name" {
    make_stream large.mp <<< '[{"kind": "rnn", "run": r, "w": np.zeros(50000, "<f4")} for r in range(8)]'
    # Shards of 400, 200 kB: the limit, in units of 1 kB, is met in the first or by none.
    run -74 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 300; rec-split --shards 4 --output out/%d.mp < large.mp'
    [[ -z $output && $stderr == "rec-split: out/0.mp.tmp: writing failed: File too large" && -z $(ls out) ]]
    make_stream growing.mp <<< '[{"kind": "rnn", "run": r, "w": np.zeros(10000 << r, "<f4")} for r in range(5)]'
    run -74 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 300; rec-split --shards 5 --output out/%d.mp < growing.mp'
    [[ -z $output && $stderr == "rec-split: out/3.mp.tmp: writing failed: File too large" && -z $(ls out) ]]
    run -153 --separate-stderr bash -c 'ulimit -c 0 -f 300; rec-split --shards 5 --output out/%d.mp < growing.mp; exit $?'
    [[ -z $output && -z $(ls out/*.mp 2> /dev/null) && -e out/0.mp.tmp ]]
    run -74 rec-split --shards 2 --output nowhere/%d.mp < large.mp
    [[ $output == "rec-split: nowhere/0.mp.tmp: No such file or directory" ]]
    # What the killed one has left is no hindrance.
    rec-split --shards 5 --output out/%d.mp < growing.mp
    [[ $(ls out | tr '\n' ' ') == '0.mp 1.mp 2.mp 3.mp 4.mp ' ]]
}

@test "names that can't be printed exit 74; closed input 66" {
    run -74 bash -c 'rec-split --shards 2 --output out/%d.mp < all.mp > /dev/full'
    run -66 bash -c 'rec-split --shards 2 <&-'
    run -64 script -qec 'rec-split --shards 2' /dev/null < /dev/null
    [[ $output == *"standard input is a terminal"* ]]
}
