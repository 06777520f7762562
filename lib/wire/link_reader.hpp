//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_WIRE_LINK_READER_HPP
#define STRAIT_LIB_WIRE_LINK_READER_HPP

#include "posix/stream.hpp"
#include "wire/frame.hpp"

#include <strait/detail/wire/incoming_message.hpp>
#include <strait/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace strait::detail::wire {

// Keeps a few chunks so that reading allocates nothing in the long run.
class chunk_cache {
public:
    // All that read on a thread share one: channels that are idle hold no memory.
    static chunk_cache& of_this_thread() noexcept;

    chunk_ptr get();

    // Whether nobody but the one that asks, and the cache, still looks at the chunk.
    bool is_exclusive(const chunk_ptr& c) const noexcept;

private:
    std::array<chunk_ptr, 8> kept_;
};

// Turns what one link brings into messages and events, however the bytes are cut. It trusts
// nothing: whatever a peer writes ends in an event, and what is held is bounded by the limits.
class link_reader {
public:
    enum class event { none, message, withdrawn, adopt, park, want, forget, disuse, broken };

    // Where the next read goes.
    std::span<std::byte> prepare(chunk_cache& chunks);

    // What a read brought: bytes into the room prepared, and batches of handles.
    void commit(std::size_t bytes, std::vector<os::handle_batch>& batches,
        std::uint64_t read_at);

    // The stream was found without any bytes at that moment: what comes is stamped later.
    void nothing_before(std::uint64_t when) noexcept;

    // Holds no memory while nothing is unread.
    void rest() noexcept;

    // What comes next of what was committed. `out` is set with a message, `adopted` with adopt.
    event next(const limits& bounds, incoming_message& out, os::handle_batch& adopted);

    // The number of the block, after forget; of the lease, after disuse.
    std::uint32_t number() const noexcept { return number_; }

    // Why next() said broken.
    error_code fault() const noexcept { return fault_; }

    // Bytes held for a message that is not complete.
    std::size_t partial_bytes() const noexcept { return partial_.size(); }

    // Whether handles have come whose frame is not complete, or not yet looked at by next().
    bool holds_handles() const noexcept { return !batches_.empty(); }

    bool in_message() const noexcept { return in_message_; }

    // For a link that moves: a look at everything held, and the same taken in at the other side.
    template <class Batches>
    struct basic_snapshot {
        std::span<const std::byte> unread;
        std::span<const std::byte> partial;
        Batches batches;
        std::uint32_t message_bytes = 0;
        std::uint32_t message_handles = 0;
        std::uint8_t message_flags = 0;
        bool in_message = false;
        std::uint64_t not_before = 0;
    };
    using snapshot = basic_snapshot<const std::deque<os::handle_batch>&>;
    using snapshot_data = basic_snapshot<std::deque<os::handle_batch>>;
    snapshot peek() const noexcept;
    error_code restore(snapshot_data&& s, const limits& bounds, std::uint64_t now);

private:
    event fail(error e) noexcept;
    event on_data(const frame_header& h, std::span<const std::byte> payload, const limits& bounds,
        os::handle_batch& batch, incoming_message& out);
    bool take_batch(std::size_t count, os::handle_batch& batch);

    // The bytes not yet parsed: in the chunk, or left over from a move.
    chunk_ptr chunk_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::uint64_t received_ = 0;  // bytes, all in all
    std::deque<os::handle_batch> batches_;
    std::deque<std::uint64_t> batch_limits_;  // received_ after the read that brought each of them

    // The message whose last fragment is missing.
    byte_buffer partial_;
    std::uint32_t message_bytes_ = 0;
    std::uint32_t message_handles_ = 0;
    std::uint8_t message_flags_ = 0;
    bool in_message_ = false;

    std::uint64_t not_before_ = 0;  // no honest stamp is older
    std::uint64_t read_at_ = 0;     // nor newer
    std::uint32_t number_ = 0;
    error_code fault_;
};

}  // namespace strait::detail::wire

#endif
