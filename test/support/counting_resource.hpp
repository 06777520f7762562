//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_COUNTING_RESOURCE_HPP
#define STRAIT_TEST_SUPPORT_COUNTING_RESOURCE_HPP

#include <atomic>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <utility>

namespace strait::test {

// Memory from the heap, counted. Usable from several threads.
class counting_resource : public std::pmr::memory_resource {
public:
    // Bytes allocated and not yet freed.
    std::size_t live_bytes() const noexcept { return live_; }

    // Allocations ever made.
    std::size_t allocations() const noexcept { return allocations_; }

private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        void* memory = std::pmr::new_delete_resource()->allocate(bytes, alignment);
        live_ += bytes;
        ++allocations_;
        return memory;
    }

    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
        live_ -= bytes;
        std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
    }

    bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }

    std::atomic<std::size_t> live_ = 0;
    std::atomic<std::size_t> allocations_ = 0;
};

// An allocator that shares the resource, which so outlives all that was allocated from it. Stateful
// on purpose: an operation that frees its memory by an allocator that lies in that memory is found
// by AddressSanitizer.
template <class T>
class counting_allocator {
public:
    using value_type = T;

    explicit counting_allocator(std::shared_ptr<counting_resource> resource) noexcept
        : resource_(std::move(resource)) {}

    template <class U>
    counting_allocator(const counting_allocator<U>& other) noexcept : resource_(other.resource()) {}

    T* allocate(std::size_t n) {
        return static_cast<T*>(resource_->allocate(n * sizeof(T), alignof(T)));
    }

    void deallocate(T* memory, std::size_t n) noexcept {
        resource_->deallocate(memory, n * sizeof(T), alignof(T));
    }

    const std::shared_ptr<counting_resource>& resource() const noexcept { return resource_; }

    template <class U>
    friend bool operator==(const counting_allocator& a, const counting_allocator<U>& b) noexcept {
        return a.resource() == b.resource();
    }

private:
    std::shared_ptr<counting_resource> resource_;
};

}  // namespace strait::test

#endif
