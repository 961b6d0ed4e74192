// The emulation criteria, from the stored outputs of an emulator.
#include "golden.h"
#include "nn/loss.h"

static const char *const names[CRITERION_DISTRIBUTIONS] = {"total_variation", "kl", "kl_reverse", "js_div", "ce", "l2", "cosine"};

static void test_folder(const char *folder) {
    char name[64];
    snprintf(name, sizeof name, "%s/logits", folder);
    struct npy logits = golden_load("emulator", name);
    snprintf(name, sizeof name, "%s/target_logits", folder);
    struct npy target = golden_load("emulator", name);
    size_t batch = logits.shape[0], steps = logits.shape[1], classes = logits.shape[2];
    float *z = golden_swap(logits.floats, batch, steps, classes), *p = golden_swap(target.floats, batch, steps, classes);
    uint8_t *labels = golden_labels(folder, &target);
    float *each = malloc(batch * sizeof *each);
    struct tape tape = {0};
    for (int c = 0; c < CRITERION_DISTRIBUTIONS; c++) {
        tape_reset(&tape, false);
        struct tensor *x = tape_leaf(&tape, (int)(steps * batch), (int)classes, z, NULL);
        struct tensor *loss = emulation_loss(&tape, (enum criterion)c, x, p, labels, (int)steps, each);
        snprintf(name, sizeof name, "%s/loss_%s", folder, names[c]);
        golden_check("emulator", name, each, batch, NULL);
        double mean = 0;
        for (size_t b = 0; b < batch; b++)
            mean += each[b] / (double)batch;
        CHECK_CLOSE(loss->value[0], mean, 1e-6 * mean);
    }
    tape_free(&tape);
    free(each);
    free(labels);
    free(z);
    free(p);
    npy_free(&logits);
    npy_free(&target);
}

int main(void) {
    test_folder("formal");
    test_folder("smnist");
    test_folder("formal_everystep");
    return check_report("golden/criteria");
}
