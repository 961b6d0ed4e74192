// Files of other programs: whatever they say, they are refused, or give a network whose weights are there. Checksums keep mutations out of
// zip files, so the first byte may ask for one to be made: P, of a pickle as PyTorch's, Z, of an array as NumPy's, K, of a configuration
// and, behind a zero byte, HDF5, as Keras's.
#include "fuzz.h"

#include "formats/network.h"
#include "formats/weightfile.h"
#include "rnn/import.h"

#include <math.h>
#include <string.h>

enum { MOST_WEIGHTS = 1 << 16, STORAGES = 4, STORAGE_SIZE = 1024 };

static void check_network(struct tensors *t, const struct network_choice *choice) {
    struct network network;
    struct rnn_arch arch;
    float *weights;
    struct error error = {.text = ""};
    if (network_find(t, choice, &network, &error) != STATUS_OK) {
        FUZZ_CHECK(error.status == STATUS_DATA && error.text[0]);
        return;
    }
    if (rnn_of_network(&network, MOST_WEIGHTS, &arch, &weights, &error) != STATUS_OK) {
        FUZZ_CHECK(error.status == STATUS_DATA && error.text[0]);
        return;
    }
    FUZZ_CHECK(rnn_arch_valid(&arch));
    for (size_t i = 0; i < rnn_size(&arch); i++)
        FUZZ_CHECK(isfinite(weights[i])); // all of them are there
    free(weights);
}

static void check_file(const uint8_t *data, size_t size) {
    struct tensors t;
    struct error error = {.text = ""};
    if (tensors_open_memory(&t, data, size, &error) == STATUS_OK) {
        for (int i = 0; i < t.count; i++)
            FUZZ_CHECK(t.list[i].name && t.list[i].type_name && tensors_shape_text(&t, &t.list[i]));
        check_network(&t, &(struct network_choice){0});
        check_network(&t, &(struct network_choice){.rnn = "lstm", .readout = "none"});
    } else {
        FUZZ_CHECK(error.status == STATUS_DATA && error.text[0]);
    }
    tensors_close(&t);
}

static void check_zip(const struct zip_member *members, int count) {
    uint8_t *zip;
    size_t size;
    FUZZ_CHECK(zip_write(members, count, &zip, &size, NULL) == STATUS_OK);
    check_file(zip, size);
    free(zip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t storage[STORAGE_SIZE];
    if (size && data[0] == 'P')
        check_zip((struct zip_member[]){{"a/data.pkl", data + 1, size - 1},
                                        {"a/data/0", storage, STORAGE_SIZE},
                                        {"a/data/1", storage, STORAGE_SIZE},
                                        {"a/data/2", storage, STORAGE_SIZE},
                                        {"a/data/3", storage, STORAGE_SIZE}},
                  1 + STORAGES);
    else if (size && data[0] == 'Z')
        check_zip((struct zip_member[]){{"lstm.weight_hh_l0.npy", data + 1, size - 1}, {"lstm.weight_ih_l0.npy", data + 1, size - 1}}, 2);
    else if (size && data[0] == 'K' && memchr(data, 0, size)) {
        size_t config = (size_t)((const uint8_t *)memchr(data, 0, size) - data);
        check_zip((struct zip_member[]){{"config.json", data + 1, config - 1}, {"model.weights.h5", data + config + 1, size - config - 1}},
                  2);
    } else
        check_file(data, size);
    return 0;
}
