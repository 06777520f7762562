//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "link/in_process_ends.hpp"
#include "link/link_receiver.hpp"
#include "link/link_sender.hpp"
#include "posix/fork_guard.hpp"

#include <strait/detail/link/cores.hpp>

#include <atomic>

namespace strait::detail {

namespace {

// Ids that no other process makes: a random number for each process, and a count.
void make_id(std::uint64_t (&id)[2]) noexcept {
    static std::atomic<std::uint64_t> generation{0};
    static std::atomic<std::uint64_t> seed{0};
    static std::atomic<std::uint64_t> count{0};
    const std::uint64_t now = os::process_generation();
    if (generation.load(std::memory_order_acquire) != now) {
        seed.store(os::random_u64(), std::memory_order_relaxed);
        generation.store(now, std::memory_order_release);
    }
    id[0] = seed.load(std::memory_order_relaxed);
    id[1] = count.fetch_add(1, std::memory_order_relaxed);
}

channel_identity make_identity(const type_identity& type, const limits& bounds) {
    channel_identity identity;
    make_id(identity.id);
    identity.fingerprint = type.fingerprint;
    identity.type_name = type.name;
    identity.bounds = bounds;
    return identity;
}

// Two buffers for each thread that sends, so that sending allocates nothing in the long run: a batch
// takes both. A send from within the encoding of another finds none, and makes its own.
thread_local byte_buffer thread_buffers[2];

}  // namespace

std::uint64_t operation::next_id() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

byte_buffer spare_buffer() noexcept {
    return std::move(thread_buffers[thread_buffers[0].capacity() != 0 ? 0 : 1]);
}

void keep_buffer(byte_buffer buffer) noexcept {
    // Larger ones are rare, and would stay for good.
    constexpr std::size_t worth_keeping = 64u << 10;
    if (buffer.capacity() > worth_keeping) return;
    byte_buffer& smaller =
        thread_buffers[thread_buffers[0].capacity() <= thread_buffers[1].capacity() ? 0 : 1];
    if (buffer.capacity() > smaller.capacity()) smaller = std::move(buffer);
}

channel_cores make_channel_cores(const type_identity& type, const limits& bounds,
    const asio::any_io_executor& executor, error_code& ec) {
    auto [sending, receiving] = os::connected_pair(ec);
    if (ec) return {};
    channel_identity identity = make_identity(type, bounds);
    auto receiver = std::make_shared<link_receiver>(identity, executor);
    ec = receiver->add_first(std::move(receiving));
    if (ec) return {};
    auto sender =
        link_sender::make(std::move(sending), std::move(identity), receiver, executor);
    return {std::move(sender), std::move(receiver)};
}

channel_cores make_in_process_cores(
    const type_identity& type, const limits& bounds, const asio::any_io_executor& executor) {
    auto channel = std::make_shared<in_process_channel>(make_identity(type, bounds));
    auto receiver =
        std::make_shared<in_process_receiver>(receiver_place(channel), executor);
    channel->join();
    auto sender = std::make_shared<in_process_sender>(std::move(channel), executor, true);
    return {std::move(sender), std::move(receiver)};
}

}  // namespace strait::detail
