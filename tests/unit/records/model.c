#include "records/model.h"

#include "../check.h"
#include "decoded.h"

#include <string.h>

struct sizes {
    int length, residual, condition;
};

static void keys_of(struct sizes *s, struct config_key keys[4]) {
    keys[0] = (struct config_key){.name = "length", .target = &s->length, .low = 1, .high = 100};
    keys[1] = (struct config_key){.name = "residual", .target = &s->residual, .flag = true};
    keys[2] = (struct config_key){.name = "condition", .target = &s->condition, .choices = "bos|every"};
    keys[3] = (struct config_key){0};
}

static void test_config(void) {
    struct sizes sizes = {22, 1, 1}, read = {5, 0, 0};
    struct config_key keys[4];
    struct decoded d = decoded_new(), variant = decoded_new();
    struct error error;
    keys_of(&sizes, keys);
    config_pack(d.packer, keys);
    const struct value *config = decoded_root(&d);
    CHECK(value_is(value_get(config, "condition"), "every") && value_get(config, "residual")->type == VALUE_BOOL);
    keys_of(&read, keys);
    CHECK(config_read(config, keys, &error) == STATUS_OK && memcmp(&read, &sizes, sizeof read) == 0, "%s", error.text);
    CHECK(config_read(decoded_with_int(&variant, config, "residual", 0), keys, &error) == STATUS_OK && read.residual == 0);
    CHECK(config_read(decoded_with_int(&variant, config, "other", 0), keys, &error) == STATUS_OK);
    CHECK(config_read(decoded_with_text(&variant, config, "condition", "bos"), keys, &error) == STATUS_OK && read.condition == 0);

    read = (struct sizes){5, 1, 1}; // absent keys keep their defaults
    CHECK(config_read(decoded_without(&variant, config, "length"), keys, &error) == STATUS_OK && read.length == 5);
    CHECK(config_read(NULL, keys, &error) == STATUS_OK && read.length == 5);

    CHECK(config_read(decoded_with_int(&variant, config, "length", 0), keys, &error) == STATUS_DATA && strstr(error.text, "length"));
    CHECK(config_read(decoded_with_text(&variant, config, "length", "3"), keys, &error) == STATUS_DATA);
    CHECK(config_read(decoded_with_int(&variant, config, "residual", 2), keys, &error) == STATUS_DATA);
    CHECK(config_read(decoded_with_text(&variant, config, "condition", "bo"), keys, &error) == STATUS_DATA &&
          strstr(error.text, "bos|every"));
    CHECK(config_read(decoded_with_text(&variant, config, "condition", "bos|every"), keys, &error) == STATUS_DATA);
    CHECK(config_read(decoded_with_int(&variant, config, "condition", 1), keys, &error) == STATUS_DATA);
    decoded_free(&d);
    decoded_free(&variant);
}

static void pack_model(struct packer *p) {
    pack_map(p);
    pack_key(p, "kind");
    pack_str(p, "encoder");
    pack_key(p, "type");
    pack_str(p, "flat");
    pack_key(p, "config");
    pack_map(p);
    pack_end(p);
    pack_key(p, "arch");
    arch_pack(p, &(struct rnn_arch){.cell = &cell_lstm, .input = 6, .hidden = 32, .layers = 2, .output = 6});
    pack_key(p, "weights");
    pack_map(p);
    pack_end(p);
    pack_key(p, "seed");
    pack_u64(p, 7);
    pack_key(p, "step");
    pack_u64(p, 1000);
    pack_end(p);
}

static void test_record(void) {
    struct decoded d = decoded_new(), variant = decoded_new();
    struct model_record m;
    struct error error;
    pack_model(d.packer);
    const struct value *root = decoded_root(&d);
    CHECK(model_record_read(root, &m, &error) == STATUS_OK, "%s", error.text);
    CHECK(strcmp(m.kind, "encoder") == 0 && strcmp(m.type, "flat") == 0 && m.config && m.weights && m.has_arch);
    CHECK(m.arch.hidden == 32 && m.seed == 7 && m.step == 1000 && m.root == root);
    const char *const optional[] = {"type", "config", "arch", "seed", "step"}, *const required[] = {"kind", "weights"};
    for (int k = 0; k < 5; k++) {
        CHECK(model_record_read(decoded_without(&variant, root, optional[k]), &m, &error) == STATUS_OK, "%s", optional[k]);
        CHECK(model_record_read(decoded_with_int(&variant, root, optional[k], -1), &m, &error) == STATUS_DATA, "%s", optional[k]);
    }
    for (int k = 0; k < 2; k++) {
        CHECK(model_record_read(decoded_without(&variant, root, required[k]), &m, &error) == STATUS_DATA, "%s", required[k]);
        CHECK(model_record_read(decoded_with_int(&variant, root, required[k], -1), &m, &error) == STATUS_DATA, "%s", required[k]);
    }
    CHECK(model_record_read(decoded_without(&variant, root, "arch"), &m, &error) == STATUS_OK && !m.has_arch);
    decoded_free(&d);
    decoded_free(&variant);
}

int main(void) {
    test_config();
    test_record();
    return check_report("records/model");
}
