// Every cut and every flipped bit of a small stream of an RNN with rollouts, an encoder, an emulator, a predictor and a decoder, read by
// all that reads records: found by the reader at its end at the latest; until then nothing may go wrong with what the records say.
#include "encoders/encoder.h"
#include "stream/reader.h"
#include "training/decoder.h"
#include "training/emulator.h"
#include "training/predictor.h"
#include "zoo.h"

#include <sys/mman.h>

static struct error error;

static void pack_all(struct writer *w) {
    struct zoo_record rnn = {.run = 3, .step = 7, .split = "ood", .hidden = 1, .rollouts = 2};
    struct rnn_arch arch = zoo_arch(&rnn);
    const struct encoder_type *type = encoder_type_find("interactive");
    struct encoder_config config = encoder_defaults(type, &arch);
    config.z = config.hidden = config.mlp_hidden = 2;
    config.layers = config.mlp_layers = 1;
    config.length = 2;
    struct encoder *encoder = encoder_new(type, &config, &arch, 1);
    struct emulator *emulator = emulator_new(&(struct emulator_config){.z = 2, .hidden = 1, .layers = 1}, &arch, 1);
    static const uint8_t names[][3] = {"ab", "cd"};
    struct property texts = {.name = "lab.name", .kind = PROPERTY_CLASSES, .answers = 1, .class_count = 2};
    for (int c = 0; c < 2; c++)
        texts.classes[c] = (struct label){.type = LABEL_TEXT, .text = names[c], .size = 2};
    struct predictor *predictor = predictor_new(&texts, &(struct predictor_config){.z = 2, .hidden = 1, .layers = 1}, 1);
    predictor_add_encoder(predictor, &(struct encoder_identity){.type = "stats", .seed = 1, .has_crc32 = true, .crc32 = 7});
    struct decoder *decoder = decoder_new(&(struct decoder_config){.z = 2, .hidden = 1, .layers = 1}, &arch, 1);
    decoder->knows_encoder = true;
    decoder->encoder = encoder_identity(encoder);
    enum status status = writer_begin_segment(w, NULL, 0, &error);
    for (int i = 0; i < 5 && status == STATUS_OK; i++) {
        if (i == 0)
            zoo_pack(writer_packer(w), &rnn);
        else if (i == 1)
            encoder_pack(writer_packer(w), encoder);
        else if (i == 2)
            emulator_pack(writer_packer(w), emulator);
        else if (i == 4)
            decoder_pack(writer_packer(w), decoder);
        else
            predictor_pack(writer_packer(w), predictor, &(struct predictor_losses){.train = 0.5, .validation = NAN, .ood = 0.25});
        status = writer_commit(w, &error);
    }
    status = status == STATUS_OK ? writer_end_segment(w, &error) : status;
    CHECK(status == STATUS_OK && writer_close(w, &error) == STATUS_OK, "%s", error.text);
    encoder_free(encoder);
    emulator_free(emulator);
    predictor_free(predictor);
    decoder_free(decoder);
}

static uint8_t *stream_bytes(size_t *size) {
    int fd = memfd_create("stream", 0);
    pack_all(writer_open(dup(fd), "stream", &zoo_identity));
    *size = (size_t)lseek(fd, 0, SEEK_END);
    uint8_t *bytes = memory_alloc(*size);
    CHECK(pread(fd, bytes, *size, 0) == (ssize_t)*size);
    close(fd);
    return bytes;
}

static enum status read_rnn(const struct value *root) {
    struct rnn_record record;
    struct params table = {0};
    if (rnn_record_read(root, &record, &error) != STATUS_OK)
        return error.status;
    rnn_params(&table, &record.arch);
    float *values = memory_alloc(table.size * sizeof *values);
    enum status status = rnn_record_weights(&record, &table, values, &error);
    free(values);
    params_free(&table);
    return status;
}

static enum status read_model(const struct value *root) {
    struct model_record record;
    struct encoder *encoder = NULL;
    struct emulator *emulator = NULL;
    struct predictor *predictor = NULL;
    struct decoder *decoder = NULL;
    enum status status = model_record_read(root, &record, &error);
    if (status == STATUS_OK && strcmp(record.kind, "encoder") == 0)
        status = encoder_read(&record, &encoder, &error);
    else if (status == STATUS_OK && strcmp(record.kind, "emulator") == 0)
        status = emulator_read(&record, &emulator, &error);
    else if (status == STATUS_OK && strcmp(record.kind, "decoder") == 0)
        status = decoder_read(&record, &decoder, &error);
    else if (status == STATUS_OK)
        status = predictor_read(&record, &predictor, &error);
    encoder_free(encoder);
    if (emulator)
        emulator_free(emulator);
    predictor_free(predictor);
    decoder_free(decoder);
    return status;
}

// Reads on after a record that makes no sense, as filters that don't use it do. The number of records that made sense is in *read.
static enum status read_all(const uint8_t *bytes, size_t size, int *read) {
    struct reader *r = reader_open_memory(bytes, size, "memory", (struct reader_limits){0});
    enum status status;
    *read = 0;
    while ((status = reader_next(r, &error)) == STATUS_OK) {
        if (r->event != READER_DATA)
            continue;
        if (value_is(value_get(r->record, "kind"), "rnn"))
            status = read_rnn(r->record);
        else
            status = read_model(r->record);
        CHECK(status == STATUS_OK || (status == STATUS_DATA && error.text[0]), "status %d", status);
        *read += status == STATUS_OK;
    }
    reader_close(r);
    return status;
}

int main(void) {
    size_t size;
    int read;
    uint8_t *bytes = stream_bytes(&size);
    CHECK(read_all(bytes, size, &read) == STATUS_END && read == 5, "%d: %s", read, error.text);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enum status status = read_all(bytes, size, &read);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK(status == STATUS_DATA && strncmp(error.text, "memory: record ", 15) == 0, "bit %zu: %s", bit, error.text);
    }
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *part = memcpy(malloc(cut), bytes, cut); // its own block, so that the sanitizers see a read beyond it
        enum status status = read_all(part, cut, &read);
        CHECK(status == STATUS_DATA && strncmp(error.text, "memory: record ", 15) == 0, "cut at %zu: %s", cut, error.text);
        free(part);
    }
    free(bytes);
    return check_report("damage");
}
