//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_BENCH_PEERS_RING_HPP
#define STRAIT_BENCH_PEERS_RING_HPP

#include <strait/handle.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace bench::peers {

// A ring of blocks in memory that two processes share, with one writer and one reader. Who has to
// wait sleeps in the kernel at once (futex) and is woken by the other.
class ring {
public:
    // Makes memory for it, or maps what the other process made.
    ring(std::size_t blocks, std::size_t bytes_of_block);
    ring(const strait::handle& memory, std::size_t blocks, std::size_t bytes_of_block);
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring();

    const strait::handle& memory() const { return memory_; }

    // The writer: waits for a free block; hands it over.
    std::byte* free_block();
    void hand_over();

    // The reader: waits for a block that was handed over; gives it back.
    const std::byte* next_block();
    void give_back();

private:
    // A number that one side counts up and the other waits for.
    struct alignas(64) counter {
        std::atomic<std::uint32_t> value;
        std::atomic<std::uint32_t> is_waited_for;

        void wait_while(std::uint32_t old);
        void count_up();
    };
    struct header {
        counter written;
        counter taken;
    };

    void map(std::size_t bytes);
    std::byte* block(std::uint32_t number) const;

    strait::handle memory_;
    std::size_t blocks_;
    std::size_t bytes_of_block_;
    std::size_t mapped_ = 0;
    header* header_ = nullptr;
};

}  // namespace bench::peers

#endif
