//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_BYTE_BUFFER_HPP
#define STRAIT_DETAIL_BYTE_BUFFER_HPP

#include <strait/detail/copy.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace strait::detail {

// Memory that a buffer goes on in when it becomes large.
class buffer_source {
public:
    // At least so many bytes, or none. What was given before stays valid until the next call.
    virtual std::span<std::byte> room(std::size_t bytes) = 0;

protected:
    ~buffer_source() = default;
};

// A growing run of bytes that never zeroes what it is about to overwrite, with a fast append. Keeps
// its memory when cleared, so that a reused one allocates nothing.
class byte_buffer {
public:
    byte_buffer() = default;
    byte_buffer(byte_buffer&& other) noexcept
        : own_(std::move(other.own_)),
          own_capacity_(std::exchange(other.own_capacity_, 0)),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    byte_buffer& operator=(byte_buffer&& other) noexcept {
        own_ = std::move(other.own_);
        own_capacity_ = std::exchange(other.own_capacity_, 0);
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    // From now on, what needs `from` bytes or more goes into memory of the source. Not taken along
    // when the buffer is moved.
    void overflow_into(buffer_source* source, std::size_t from) noexcept {
        source_ = source;
        source_from_ = from;
    }
    bool is_in_source() const noexcept { return data_ != own_.get(); }

    // Back to memory of its own, empty.
    void leave_source() noexcept {
        data_ = own_.get();
        capacity_ = own_capacity_;
        size_ = 0;
        source_ = nullptr;
    }

    std::byte* data() noexcept { return data_; }
    const std::byte* data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return capacity_; }
    bool empty() const noexcept { return size_ == 0; }
    void clear() noexcept { size_ = 0; }
    std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }

    // Room for n more bytes, whose content is undefined; returns where they begin.
    std::byte* extend(std::size_t n) {
        if (n > capacity_ - size_) grow(n);
        std::byte* at = data_ + size_;
        size_ += n;
        return at;
    }

    void append(const void* from, std::size_t n) {
        if (n != 0) copy_memory(extend(n), from, n);
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
        if (source_ != nullptr && size_ + n >= source_from_ && grow_in_source(capacity)) return;
        std::unique_ptr<std::byte[]> data(new std::byte[capacity]);
        copy_memory(data.get(), data_, size_);
        own_ = std::move(data);
        data_ = own_.get();
        own_capacity_ = capacity_ = capacity;
    }

    bool grow_in_source(std::size_t capacity) {
        const std::span<std::byte> room = source_->room(capacity);
        if (room.empty()) return false;
        copy_memory(room.data(), data_, size_);
        data_ = room.data();
        capacity_ = room.size();
        return true;
    }

    std::unique_ptr<std::byte[]> own_;
    std::size_t own_capacity_ = 0;
    std::byte* data_ = nullptr;  // own_, or memory of the source
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    buffer_source* source_ = nullptr;
    std::size_t source_from_ = 0;
};

}  // namespace strait::detail

#endif
