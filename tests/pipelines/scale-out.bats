# pipelines/scale-out: zoos made by many jobs, on one machine, over ssh, by Slurm; whatever happens on the way, the bytes are the same.

# shellcheck disable=SC2016,SC2154 # scripts of bash -c expand in the inner shell; bats sets stderr
load ../helper

RECIPES=$ROOT/pipelines/scale-out

setup_file() {
    cat > "$BATS_FILE_TMPDIR/zoo.yaml" << 'END'
experiment:
  runs: 8   # the last shard has two
  shard: 3
train-rnn: {steps: 40, snapshots: [20], hidden: 8, rollouts: 4, samples: 10}
gen-language:
  tokens: 2
classify: {steps: 3}
END
    "$RECIPES/zoo-local" "$BATS_FILE_TMPDIR/zoo.yaml" "$BATS_FILE_TMPDIR/whole" -j 1 > "$BATS_FILE_TMPDIR/log" 2>&1 3>&- ||
        { cat "$BATS_FILE_TMPDIR/log" && return 1; }
}

setup() {
    CONFIG=$BATS_FILE_TMPDIR/zoo.yaml WHOLE=$BATS_FILE_TMPDIR/whole
}

teardown() {
    if [[ -e sshd.pid ]]; then kill "$(< sshd.pid)"; fi
    if [[ -e hanging ]]; then kill -KILL "$(< hanging)" 2> /dev/null || true; fi
}

# The first train-rnn to begin writes part of its output and then hangs, to be killed.
hang_once() {
    instead_of train-rnn << 'END'
mkdir "$here/trapped" 2> /dev/null || exec "$filter" "$@"
"$filter" "$@" | head -c 20000
echo $$ > "$here/hanging.tmp"
mv "$here/hanging.tmp" "$here/hanging"
exec sleep 1000
END
}

until_exists() { # FILE...: three minutes at most
    local i
    for ((i = 0; i < 3600; i++)); do
        if ls "$@" > /dev/null 2>&1; then return; fi
        sleep 0.05
    done
    return 1
}

times() {
    find "$1/shards" -type f -printf '%P %T@\n' | sort
}

@test "local: the zoo has all runs in order, nothing is left over, and a second call makes nothing" {
    [[ $(rec-table run < "$WHOLE/zoo.mp" | uniq | paste -sd ' ') == '0 1 2 3 4 5 6 7' ]]
    [[ $(cd "$WHOLE" && find . -type f | sort | paste -sd ' ') == \
        './joblog ./lock ./settings.yaml ./shards/0-2.mp ./shards/3-5.mp ./shards/6-7.mp ./zoo.mp' ]]
    cp -a "$WHOLE" copy
    run -0 "$RECIPES/zoo-local" "$CONFIG" copy -j 2
    [[ -z $output ]]
    cmp <(times copy) <(times "$WHOLE")
    gen-language --config "$CONFIG" --count 8 | train-rnn --config "$CONFIG" | partition | rec-diff "$WHOLE/zoo.mp" -
}

@test "local: two jobs make the same bytes as one" {
    "$RECIPES/zoo-local" "$CONFIG" 'two jobs' -j 2 3>&-
    cmp "$WHOLE/zoo.mp" 'two jobs/zoo.mp'
}

@test "local: a worker killed in the middle is replaced; meanwhile nobody else may work there" {
    hang_once
    PATH=$PWD/bin:$PATH "$RECIPES/zoo-local" "$CONFIG" killed -j 2 3>&- &
    until_exists hanging
    run -75 "$RECIPES/zoo-local" "$CONFIG" killed -j 1
    [[ $output == *'another recipe is at work'* ]]
    run -75 "$RECIPES/zoo-ssh" "$CONFIG" killed :
    kill -KILL "$(< hanging)"
    wait $!
    cmp "$WHOLE/zoo.mp" killed/zoo.mp
    [[ $(ls killed/shards | paste -sd ' ') == '0-2.mp 3-5.mp 6-7.mp' ]]
}

@test "local: all of it killed in the middle, it goes on and ends the same" {
    hang_once
    PATH=$PWD/bin:$PATH setsid "$RECIPES/zoo-local" "$CONFIG" killed -j 2 > log 2>&1 3>&- &
    until_exists hanging killed/shards/6-7.mp # whichever of the first two hangs, the other worker makes all others
    kill -KILL -- "-$!"
    wait $! || true
    [[ ! -e killed/zoo.mp && $(ls killed/shards/*.mp | wc -l) == 2 && $(ls killed/shards/*.tmp | wc -l) == 1 ]]
    times killed | grep '\.mp ' > before
    "$RECIPES/zoo-local" "$CONFIG" killed -j 1 3>&-
    [[ -z $(comm -13 <(times killed) before) ]] # what was complete is not made again
    cmp "$WHOLE/zoo.mp" killed/zoo.mp
    [[ $(ls killed/shards | paste -sd ' ') == '0-2.mp 3-5.mp 6-7.mp' ]]
}

@test "local: a job that fails leaves no shard and no zoo" {
    instead_of train-rnn <<< '"$filter" "$@" | head -c 20000; exit 7'
    PATH=$PWD/bin:$PATH run -65 "$RECIPES/zoo-local" "$CONFIG" failed -j 2
    [[ $output == *'zoo-local: shards are missing'* ]]
    [[ -z $(find failed -name '*.mp') && -n $(find failed -name '*.tmp' -size +0) ]]
    "$RECIPES/zoo-local" "$CONFIG" failed -j 2 3>&-
    cmp "$WHOLE/zoo.mp" failed/zoo.mp
}

@test "local: the files are the truth, not the log" {
    cp -a "$WHOLE" copy
    head -c -1 "$WHOLE/shards/3-5.mp" > copy/shards/3-5.mp
    printf x | dd of=copy/shards/6-7.mp bs=1 seek=2000 conv=notrunc status=none
    run -0 "$RECIPES/zoo-local" "$CONFIG" copy -j 2
    [[ $(sort <<< "$output" | paste -sd ' ' | tr -s ' ') == 'zoo: runs 3 to 5 zoo: runs 6 to 7' ]]
    cmp "$WHOLE/zoo.mp" copy/zoo.mp
    rm copy/joblog copy/shards/0-2.mp
    run -0 "$RECIPES/zoo-local" "$CONFIG" copy -j 2
    [[ $(tr -s ' ' <<< "$output") == 'zoo: runs 0 to 2' ]]
    cmp "$WHOLE/zoo.mp" copy/zoo.mp
}

@test "local: other shards, other runs: --resume goes by numbers, which mean other shards now" {
    cp -a "$WHOLE" copy
    sed 's/shard: 3/shard: 4/' "$CONFIG" > four.yaml
    "$RECIPES/zoo-local" four.yaml copy -j 2 3>&-
    rec-diff "$WHOLE/zoo.mp" copy/zoo.mp
    run ! cmp -s "$WHOLE/zoo.mp" copy/zoo.mp # in two segments, not three
    sed 's/runs: 8 /runs: 12 /' "$CONFIG" > more.yaml
    run -0 "$RECIPES/zoo-local" more.yaml copy -j 2
    [[ $(sort <<< "$output" | paste -sd ' ' | tr -s ' ') == 'zoo: runs 6 to 8 zoo: runs 9 to 11' ]]
    [[ $(rec-table run < copy/zoo.mp | uniq | paste -sd ' ') == '0 1 2 3 4 5 6 7 8 9 10 11' ]]
}

@test "RESULTS of other settings are refused; other sections do not count" {
    cp -a "$WHOLE" copy
    sed 's/steps: 40/steps: 41/' "$CONFIG" > other.yaml
    run -64 "$RECIPES/zoo-local" other.yaml copy
    [[ $output == 'zoo-local: '*'/copy was begun with other settings'* ]]
    sed 's/steps: 3/steps: 4/' "$CONFIG" > same.yaml
    run -0 "$RECIPES/zoo-local" same.yaml copy
    cmp "$WHOLE/zoo.mp" copy/zoo.mp
    [[ $(ls copy | paste -sd ' ') == 'joblog lock settings.yaml shards zoo.mp' ]]
}

@test "misuse" {
    run -64 "$RECIPES/zoo-local"
    run -64 "$RECIPES/zoo-local" missing.yaml results
    run -64 "$RECIPES/zoo-local" "$CONFIG"
    grep -v 'runs:' "$CONFIG" > wrong.yaml
    run -64 "$RECIPES/zoo-local" wrong.yaml results
    [[ $output == *'section experiment needs runs, a number' ]]
    PATH=/usr/bin:/bin run -66 "$RECIPES/zoo-local" "$CONFIG" results
    [[ $output == *'the filters are not on PATH' ]]
}

# --- ssh ---

# An sshd of our own on the loopback address, by which this user gets in as on two hosts, here and there; nobody answers at nowhere.
start_sshd() {
    local port
    ssh-keygen -q -t ed25519 -N '' -f host_key
    ssh-keygen -q -t ed25519 -N '' -f key
    [[ $(id -u) != 0 ]] || mkdir -p /run/sshd
    for _ in {1..5}; do # another program may take the port before sshd does
        port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        cat > sshd_config << END
Port $port
ListenAddress 127.0.0.1
HostKey $PWD/host_key
AuthorizedKeysFile $PWD/key.pub
PidFile $PWD/sshd.pid
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
END
        cat > ssh_config << END
Host nowhere
Port 1
Host here there
Port $port
Host *
HostName 127.0.0.1
User $(id -un)
IdentityFile $PWD/key
IdentitiesOnly yes
UserKnownHostsFile /dev/null
StrictHostKeyChecking no
LogLevel ERROR
BatchMode yes
END
        /usr/sbin/sshd -f "$PWD/sshd_config" -E "$PWD/sshd.log" 3>&-
        for _ in {1..100}; do
            if [[ -e sshd.pid ]] && ssh -F ssh_config here true; then
                export PARALLEL_SSH="ssh -F $PWD/ssh_config"
                return
            fi
            sleep 0.05
        done
    done
    cat sshd.log
    return 1
}

@test "ssh: the same bytes, by two hosts" {
    start_sshd
    BIN=$RNNPIPE_BIN "$RECIPES/zoo-ssh" "$CONFIG" results 1/here,1/there 3>&-
    cmp "$WHOLE/zoo.mp" results/zoo.mp
    [[ $(cd results && find . -type f | sort | paste -sd ' ') == './joblog ./lock ./settings.yaml ./shards/0-2.mp ./shards/3-5.mp ./shards/6-7.mp ./zoo.mp' ]]
    [[ $(tail -n +2 results/joblog | cut -f 2 | sort -u | paste -sd ' ') == 'here there' ]]
}

@test "ssh: a worker killed in the middle is replaced, a host that is down is done without" {
    start_sshd
    hang_once
    BIN=$PWD/bin "$RECIPES/zoo-ssh" "$CONFIG" results 1/here,1/nowhere 3>&- 2> errors &
    until_exists hanging
    kill -KILL "$(< hanging)"
    wait $! || { cat errors && false; }
    cmp "$WHOLE/zoo.mp" results/zoo.mp
}

@test "ssh: a connection that breaks leaves no shard; called again, it goes on" {
    start_sshd
    # The host sends part of a shard, with nothing to show that it is not all.
    mkdir bin
    ln -s "$RNNPIPE_BIN"/* bin
    printf '#!/bin/sh\nhead -c 20000 "$1"\n' > bin/cat
    chmod +x bin/cat
    BIN=$PWD/bin run -65 "$RECIPES/zoo-ssh" "$CONFIG" results 1/here
    [[ $output == *'zoo-ssh: a shard is missing or damaged'* ]]
    [[ -z $(find results -name '*.mp') ]]
    BIN=$RNNPIPE_BIN "$RECIPES/zoo-ssh" "$CONFIG" results 1/here 3>&-
    cmp "$WHOLE/zoo.mp" results/zoo.mp
}

# --- Slurm ---

task() { # NUMBER RESULTS: as Slurm starts it, in the folder of the recipe, a copy of the script
    cp "$RECIPES/zoo.slurm" "slurm_script-$1"
    (cd "$RECIPES" && SLURM_ARRAY_TASK_ID=$1 bash "$OLDPWD/slurm_script-$1" "$CONFIG" "$OLDPWD/$2" 3>&-)
}

@test "Slurm: tasks make the same shards, the last job puts them together" {
    for i in 2 0 1; do task "$i" results; done
    for shard in 0-2 3-5 6-7; do cmp "$WHOLE/shards/$shard.mp" "results/shards/$shard.mp"; done
    run -0 task 1 results
    [[ -z $output ]] # once is enough
    rm results/shards/3-5.mp
    run -0 "$RECIPES/zoo-local" "$CONFIG" results -j 1
    [[ $(tr -s ' ' <<< "$output") == 'zoo: runs 3 to 5' ]]
    cmp "$WHOLE/zoo.mp" results/zoo.mp
}

@test "Slurm: two tasks at a time, and misuse" {
    task 0 results &
    task 1 results
    wait $!
    cmp "$WHOLE/shards/0-2.mp" results/shards/0-2.mp
    run -64 task 3 results
    [[ $output == *'there is no shard 3'* ]]
    cd "$RECIPES"
    run -1 bash zoo.slurm "$CONFIG" "$OLDPWD/results"
    [[ $output == *'SLURM_ARRAY_TASK_ID'* ]]
}

# --- What is done with a zoo in parts ---

@test "embed: the parts' embeddings are those of the whole" {
    cp -a "$WHOLE" copy
    probe --new --hidden 8 --mlp-hidden 8 --length 4 < "$WHOLE/zoo.mp" > model.mp
    probe --model model.mp < "$WHOLE/zoo.mp" > whole.mp
    "$RECIPES/embed" "$CONFIG" copy model.mp -j 2 3>&-
    rec-diff whole.mp copy/embeddings.mp
    find copy/embeddings -type f -printf '%P %T@\n' | sort > before
    rm copy/embeddings/3-5.mp
    "$RECIPES/embed" "$CONFIG" copy model.mp -j 2 3>&-
    rec-diff whole.mp copy/embeddings.mp
    [[ $(find copy/embeddings -type f -printf '%P %T@\n' | sort | comm -13 before - | cut -d ' ' -f 1) == 3-5.mp ]]
    stats-encode --new --mlp-hidden 8 < "$WHOLE/zoo.mp" > stats.mp
    FILTER=stats-encode "$RECIPES/embed" "$CONFIG" copy stats.mp -j 2 3>&-
    stats-encode --model stats.mp < "$WHOLE/zoo.mp" | rec-diff copy/embeddings.mp -
    run -65 "$RECIPES/embed" "$CONFIG" copy "$WHOLE/zoo.mp" # no model
    [[ ! -e copy/embeddings.mp ]]
}

# The command of the recipes' README.md, with what it reads and how it is cut.
piped() { # BLOCK [OPTION]... < ZOO
    local marker
    marker=$(printf '\205\244kind\244meta\246format\001\247program')
    parallel --plain --will-cite -k --halt now,fail=1 --pipe --recend '' --recstart "$marker" --block "$@" 'probe --model model.mp'
}

@test "--pipe: cut where segments begin, the same bytes" {
    grep -qF '\205\244kind\244meta\246format\001\247program' "$RECIPES/README.md"
    probe --new --hidden 8 --mlp-hidden 8 --length 4 < "$WHOLE/zoo.mp" > model.mp
    repeat 20 "$WHOLE/zoo.mp" > many.mp
    probe --model model.mp < many.mp > whole.mp
    for block in "$(($(stat -c %s many.mp) / 7))" 10M; do
        piped "$block" -j 2 < many.mp > parts.mp 3>&-
        cmp whole.mp parts.mp
    done
    piped 100k -j 2 --joblog joblog < many.mp > /dev/null 2>&1 3>&-
    [[ $(tail -n +2 joblog | wc -l) -gt 5 ]]
}

@test "--pipe: a marker that is data, a cut stream, a killed job: never a smaller result that passes" {
    probe --new --hidden 8 --mlp-hidden 8 --length 4 < "$WHOLE/zoo.mp" > model.mp
    make_stream note.mp <<< '[{"kind": "note", "data": b"x" * 3000 + b"\x85\xa4kind\xa4meta\xa6format\x01\xa7program" + b"x" * 3000}]'
    probe --model model.mp < note.mp > /dev/null
    cat note.mp "$WHOLE/zoo.mp" > many.mp # blocks grow until they hold a marker: the one in the data is the first to be found
    status=0
    piped 1k -j 1 < many.mp > parts.mp 2> errors 3>&- || status=$? # one job: the first failure is the one that is told
    [[ $status != 0 ]]
    grep -q 'the input ends' errors
    repeat 5 "$WHOLE/zoo.mp" | head -c -1 > cut.mp
    status=0
    piped 1k < cut.mp > parts.mp 2> errors 3>&- || status=$?
    [[ $status != 0 ]]
    # A job that dies before it has written anything leaves a sound stream: only the exit status of parallel tells.
    instead_of probe <<< 'mkdir "$here/trapped" 2> /dev/null && kill -KILL $$; exec "$filter" "$@"'
    status=0
    PATH=$PWD/bin:$PATH piped 100k -j 1 < "$WHOLE/zoo.mp" > parts.mp 2> errors 3>&- || status=$?
    [[ $status != 0 && -d trapped ]]
}
