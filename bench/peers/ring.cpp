//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/ring.hpp"

#include <strait/error.hpp>

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>

namespace bench::peers {

namespace {

// Blocks begin on cache lines.
constexpr std::size_t line = 64;

std::size_t rounded(std::size_t bytes) { return (bytes + line - 1) / line * line; }

[[noreturn]] void fail(const char* what) {
    throw strait::system_error({errno, boost::system::system_category()}, what);
}

long call_futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t argument) {
    return ::syscall(SYS_futex, &word, operation, argument, nullptr, nullptr, 0);
}

}  // namespace

ring::ring(std::size_t blocks, std::size_t bytes_of_block)
    : memory_(::memfd_create("ring", MFD_CLOEXEC)),
      blocks_(blocks),
      bytes_of_block_(rounded(bytes_of_block)) {
    const std::size_t bytes = sizeof(header) + blocks_ * bytes_of_block_;
    if (::ftruncate(memory_.native_handle(), static_cast<off_t>(bytes)) != 0) fail("ftruncate");
    map(bytes);
}

ring::ring(const strait::handle& memory, std::size_t blocks, std::size_t bytes_of_block)
    : memory_(::dup(memory.native_handle())),
      blocks_(blocks),
      bytes_of_block_(rounded(bytes_of_block)) {
    map(sizeof(header) + blocks_ * bytes_of_block_);
}

ring::~ring() { ::munmap(header_, mapped_); }

void ring::map(std::size_t bytes) {
    void* at =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.native_handle(), 0);
    if (at == MAP_FAILED) fail("mmap");
    mapped_ = bytes;
    header_ = static_cast<header*>(at);  // all zero is its beginning
}

std::byte* ring::block(std::uint32_t number) const {
    return reinterpret_cast<std::byte*>(header_ + 1) + number % blocks_ * bytes_of_block_;
}

std::byte* ring::free_block() {
    const std::uint32_t number = header_->written.value;
    const auto full_at = number - static_cast<std::uint32_t>(blocks_);
    header_->taken.wait_while(full_at);
    return block(number);
}

void ring::hand_over() { header_->written.count_up(); }

const std::byte* ring::next_block() {
    const std::uint32_t number = header_->taken.value;
    header_->written.wait_while(number);
    return block(number);
}

void ring::give_back() { header_->taken.count_up(); }

// Who waits sleeps on the flag and not on the value: the other side takes the flag away before it
// wakes, and may do so for a flag that was set again meanwhile, which then is no reason to sleep.
void ring::counter::wait_while(std::uint32_t old) {
    while (value == old) {
        is_waited_for = 1;
        if (value == old) call_futex(is_waited_for, FUTEX_WAIT, 1);
    }
}

void ring::counter::count_up() {
    ++value;
    if (is_waited_for != 0 && is_waited_for.exchange(0) != 0)
        call_futex(is_waited_for, FUTEX_WAKE, 1);
}

}  // namespace bench::peers
