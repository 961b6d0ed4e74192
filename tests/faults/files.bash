# The small files that tests/faults/cases names, made in the current folder.
# shellcheck shell=bash
make_files() {
    gen-language --tokens 2 --count 6 > tasks.mp
    gen-language --tokens 2 --count 1 > task.mp
    train-rnn --steps 2 --snapshots 0 --hidden 4 --rollouts 3 --samples 4 < tasks.mp > unsplit.mp
    head -c 8000 unsplit.mp > part.mp
    partition < unsplit.mp > zoo.mp
    rec-json --arrays whole < zoo.mp > zoo.json
    probe --new --hidden 4 --length 3 --mlp-hidden 4 < zoo.mp > fresh.mp
    stats-encode --new < zoo.mp > stats.mp
    flat-encode --new --hidden 4 < zoo.mp > flat.mp
    matrix-encode --new --hidden 2 --vectors 2 < zoo.mp > matrix.mp
    transformer-encode --new --hidden 4 --heads 2 < zoo.mp > transformer.mp
    dws-encode --new --channels 2 --mlp-hidden 4 < zoo.mp > dws.mp
    constant-encode --new < zoo.mp > constant.mp
    emulate --fit fresh.mp --steps 4 --batch 2 --hidden 4 --validate-every 2 < zoo.mp > model.mp
    probe --model model.mp < zoo.mp > embeddings.mp
    classify --fit task --steps 3 --batch 2 --hidden 4 < embeddings.mp > predictor.mp
    classify --model predictor.mp < embeddings.mp > predictions.mp
    cat model.mp predictor.mp > models.mp
    autoencode --fit flat.mp --steps 2 --batch 2 --hidden 4 --validate-every 2 --rollouts 1 < zoo.mp > decoder.mp
    flat-encode --model decoder.mp < zoo.mp > decodable.mp
    describe --fit models.mp < embeddings.mp > interrogator.mp
    rec-select --run 0 --step last < zoo.mp > single.mp
    export-rnn < single.mp > net.safetensors
    printf '2 0\n2 1\n' > rows.txt
    printf '2 0 1\n2 1\n' > inputs.txt
    printf 'experiment: {runs: [1, 2]}\n' > config.yaml
}
