//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CHUNK_HPP
#define STRAIT_DETAIL_CHUNK_HPP

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace strait::detail {

// Memory that one read fills with several messages, each of which keeps it alive.
class chunk {
public:
    // Twice what one write brings at most, so that whatever is left of one frame at the end of the
    // memory, a whole further write fits behind it.
    static constexpr std::size_t capacity = 64u << 10;

    std::span<std::byte> memory() noexcept { return {bytes_, capacity}; }

private:
    friend class chunk_ptr;
    std::atomic<unsigned> uses_{0};
    std::byte bytes_[capacity];
};

class chunk_ptr {
public:
    chunk_ptr() noexcept = default;
    chunk_ptr(const chunk_ptr& other) noexcept : chunk_(other.chunk_) {
        if (chunk_ != nullptr) chunk_->uses_.fetch_add(1, std::memory_order_relaxed);
    }
    chunk_ptr(chunk_ptr&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}
    chunk_ptr& operator=(chunk_ptr other) noexcept {
        std::swap(chunk_, other.chunk_);
        return *this;
    }
    ~chunk_ptr() {
        if (chunk_ != nullptr && chunk_->uses_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            std::default_delete<chunk>()(chunk_);
    }

    static chunk_ptr make() {
        chunk_ptr p;
        // Default, not value: the memory stays as it is.
        p.chunk_ = std::make_unique_for_overwrite<chunk>().release();
        p.chunk_->uses_.store(1, std::memory_order_relaxed);
        return p;
    }

    explicit operator bool() const noexcept { return chunk_ != nullptr; }
    chunk* operator->() const noexcept { return chunk_; }
    friend bool operator==(const chunk_ptr&, const chunk_ptr&) = default;

    unsigned use_count() const noexcept {
        return chunk_->uses_.load(std::memory_order_acquire);
    }

private:
    chunk* chunk_ = nullptr;
};

}  // namespace strait::detail

#endif
