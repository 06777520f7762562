//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

// Copies within one process: no way to bring anything anywhere, but nothing that copies is faster.

namespace bench::peers {

namespace {

// Memory that begins on a page. Copies by `rep movsb` take 20 times as long on some processors (AMD
// EPYC) where the target begins 16 bytes further into its page than the source: which happens by
// chance to vectors of the heap, and would be measured here instead of copying.
class page_aligned {
public:
    explicit page_aligned(std::size_t bytes)
        : bytes_(bytes), memory_(std::aligned_alloc(page, (bytes + page - 1) / page * page)) {
        if (memory_ == nullptr) throw std::bad_alloc();
    }
    page_aligned(const page_aligned&) = delete;
    page_aligned& operator=(const page_aligned&) = delete;
    ~page_aligned() { std::free(memory_); }

    void copy_from(const void* other) { std::memcpy(memory_, other, bytes_); }
    const void* data() const { return memory_; }
    glimpse look() const { return look_at(memory_, bytes_); }

private:
    static constexpr std::size_t page = 4096;

    std::size_t bytes_;
    void* memory_;
};

class copying_client : public client {
public:
    explicit copying_client(meeting& m) : there_(m.bytes), back_(m.bytes) {}

    void send(const any_bytes& message) override { there_.copy_from(message.data()); }
    glimpse call(const any_bytes& message) override {
        there_.copy_from(message.data());
        back_.copy_from(there_.data());
        return back_.look();
    }

private:
    page_aligned there_;
    page_aligned back_;
};

}  // namespace

transport memory_copy() {
    return {
        .name = "memcpy",
        .is_floor = true,
        .needs_server = false,
        .make_client = make_client<copying_client>};
}

}  // namespace bench::peers
