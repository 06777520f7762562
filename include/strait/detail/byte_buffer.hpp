//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_BYTE_BUFFER_HPP
#define STRAIT_DETAIL_BYTE_BUFFER_HPP

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace strait::detail {

// A growing run of bytes that never zeroes what it is about to overwrite, with a fast append. Keeps
// its memory when cleared, so that a reused one allocates nothing.
class byte_buffer {
public:
    byte_buffer() = default;
    byte_buffer(byte_buffer&& other) noexcept
        : data_(std::move(other.data_)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    byte_buffer& operator=(byte_buffer&& other) noexcept {
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    std::byte* data() noexcept { return data_.get(); }
    const std::byte* data() const noexcept { return data_.get(); }
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return capacity_; }
    bool empty() const noexcept { return size_ == 0; }
    void clear() noexcept { size_ = 0; }
    std::span<const std::byte> bytes() const noexcept { return {data_.get(), size_}; }

    // Room for n more bytes, whose content is undefined; returns where they begin.
    std::byte* extend(std::size_t n) {
        if (n > capacity_ - size_) grow(n);
        std::byte* at = data_.get() + size_;
        size_ += n;
        return at;
    }

    void append(const void* from, std::size_t n) {
        if (n != 0) std::memcpy(extend(n), from, n);
    }

    void append(std::span<const std::byte> from) { append(from.data(), from.size()); }

    // Makes the capacity at least n bytes.
    void reserve(std::size_t n) {
        if (n > capacity_) grow(n - size_);
    }

    // Cuts to the first n bytes; n is at most size().
    void truncate(std::size_t n) noexcept { size_ = n; }

private:
    void grow(std::size_t n) {
        std::size_t capacity = capacity_ < 128 ? 256 : capacity_ * 2;
        if (capacity - size_ < n) capacity = size_ + n;
        std::unique_ptr<std::byte[]> data(new std::byte[capacity]);
        if (size_ != 0) std::memcpy(data.get(), data_.get(), size_);
        data_ = std::move(data);
        capacity_ = capacity;
    }

    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace strait::detail

#endif
