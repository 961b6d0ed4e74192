#include "training/emulation_batch.h"

#include "base/memory.h"
#include "training/rollouts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32 };

struct held_rnn {
    uint8_t *bytes;
    struct value_nodes nodes;
    struct rnn_record record; // points into both
};

struct emulation_batch *emulation_batch_new(const struct encoder *encoder, struct judge *judge, const char *label) {
    struct emulation_batch *b = memory_calloc(1, sizeof *b);
    *b = (struct emulation_batch){.encoder = encoder, .identity = encoder_identity(encoder), .judge = judge, .label = label};
    b->held = memory_calloc(EMULATION_BATCH, sizeof *b->held);
    rnn_loader_init(&b->rnns, EMULATION_BATCH);
    b->emulation = packer_new();
    return b;
}

void emulation_batch_free(struct emulation_batch *b) {
    if (!b)
        return;
    for (int i = 0; i < EMULATION_BATCH; i++) {
        free(b->held[i].bytes);
        free(b->held[i].nodes.node);
    }
    packer_free(b->emulation);
    free(b->held);
    rnn_loader_free(&b->rnns);
    tape_free(&b->tape);
    free(b);
}

enum status emulation_batch_add(struct emulation_batch *b, const struct value *root, struct error *error) {
    struct held_rnn *held = &b->held[b->count];
    free(held->bytes);
    held->bytes = memory_alloc(root->length);
    memcpy(held->bytes, root->bytes, root->length);
    if (value_decode(held->bytes, root->length, MAX_DEPTH, &held->nodes, error) != STATUS_OK ||
        rnn_record_read(held->nodes.node, &held->record, error) != STATUS_OK ||
        encoder_fits(b->encoder, &held->record.arch, error) != STATUS_OK || judge_fits(b->judge, &held->record.arch, error) != STATUS_OK ||
        rollouts_check(&held->record, error) != STATUS_OK || rollouts_check_logits(&held->record, error) != STATUS_OK ||
        rnn_loader_load(&b->rnns, b->count, &held->record, error) != STATUS_OK)
        return error->status;
    b->count++;
    return STATUS_OK;
}

// Word `index` of "a|b|c".
static void pack_word(struct packer *p, const char *words, enum criterion index) {
    for (int i = 0; i < (int)index; i++)
        words += strcspn(words, "|") + 1;
    pack_str_n(p, words, strcspn(words, "|"));
}

static void pack_emulation(struct packer *p, const struct emulation_batch *b, const struct rnn_record *record,
                           const struct imitation *imitation) {
    const char *const anew[] = {"kind",
                                "weights",
                                "rollouts",
                                "encoder",
                                "criterion",
                                "loss",
                                "kl_reverse",
                                "accuracy",
                                "clone_accuracy",
                                "clones",
                                b->label ? "label" : NULL,
                                NULL};
    double accuracy;
    packer_clear(p);
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "emulation");
    pack_rest(p, record->root, anew);
    pack_key(p, "encoder");
    encoder_identity_pack(p, &b->identity);
    if (b->label) {
        pack_key(p, "label");
        pack_str(p, b->label);
    }
    pack_key(p, "criterion");
    pack_word(p, criterion_names, imitation->criterion);
    pack_key(p, "loss");
    pack_double(p, imitation->loss);
    if (!isnan(imitation->kl_reverse)) {
        pack_key(p, "kl_reverse");
        pack_double(p, imitation->kl_reverse);
    }
    if (rnn_record_metric(record, "accuracy", &accuracy)) {
        pack_key(p, "accuracy");
        pack_double(p, accuracy);
    }
    if (!isnan(imitation->clone_accuracy)) {
        pack_key(p, "clone_accuracy");
        pack_double(p, imitation->clone_accuracy);
        pack_key(p, "clones");
        pack_i64(p, imitation->clones);
    }
    pack_end(p);
}

void emulation_batch_run(struct emulation_batch *b) {
    const struct encoder *e = b->encoder;
    if (b->count == 0)
        return;
    tape_reset(&b->tape, false);
    struct weights w = {&e->table, e->values, NULL};
    struct rnn_batch rnns = rnn_loader_batch(&b->rnns, b->count);
    b->z = encoder_embed(&b->tape, e, &w, &rnns, NULL, NULL, NULL);
}

enum status emulation_batch_judge(struct emulation_batch *b, int i, struct error *error) {
    struct imitation imitation;
    const struct rnn_record *record = &b->held[i].record;
    enum status status = judge_imitation(b->judge, record, b->z->value + (size_t)i * (size_t)b->z->cols, &imitation, error);
    if (status == STATUS_OK)
        pack_emulation(b->emulation, b, record, &imitation);
    return status;
}
