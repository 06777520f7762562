//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_POSIX_STREAM_HPP
#define STRAIT_LIB_POSIX_STREAM_HPP

#include "base/piece.hpp"

#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

// The stream under a link: a connected pair of local stream sockets. No call here blocks unless it
// says so, none raises a signal, and every handle that comes out is close-on-exec.

namespace strait::detail::os {

// Handles one write may carry. Linux refuses more than 253 (SCM_MAX_FD); other systems differ, 64
// is safe on those known. And whether a write of up to 32 KiB is taken whole or not at all (Linux 6.18: up
// to 36,544 bytes).
#if defined(__linux__) && !defined(STRAIT_FORCE_PORTABLE)
inline constexpr std::size_t max_handles_per_write = 253;
inline constexpr bool writes_are_whole = true;
#else
inline constexpr std::size_t max_handles_per_write = 64;
inline constexpr bool writes_are_whole = false;
#endif

// Pieces one write may consist of: half of IOV_MAX (1024 on the systems known).
inline constexpr std::size_t max_pieces = 512;

struct io_result {
    std::size_t bytes = 0;
    error_code ec;
};

// What one read brought beside its bytes. Handles that came with different writes lie in different
// batches, in the order of the writes.
struct handle_batch {
    std::vector<handle> handles;
    bool lost = false;  // some of this batch could not be installed here; what came was closed
};

// Two connected streams.
std::pair<handle, handle> connected_pair(error_code& ec);

// One write of all pieces, at most max_pieces, with handles riding on its first byte. Reports would_block when nothing
// can be taken now.
io_result send_some(const handle& stream, std::span<const piece> pieces,
    std::span<const handle* const> handles);

// One read. Appends a batch to `batches` for each write that carried handles. With `block` it
// waits for bytes, unless the description was made non-blocking, when it reports would_block.
// no_buffer_space: the system has no memory for it now. Zero bytes without an error is the end.
io_result recv_some(
    const handle& stream, std::span<std::byte> into, std::vector<handle_batch>& batches, bool block);

// Bytes that wait to be read.
std::uint64_t unread_bytes(const handle& stream) noexcept;

enum class wait_for { read, write };

// Waits until the stream can be read or written or is broken, `wake` can be read, or the time is
// over; a negative timeout waits for ever.
error_code wait_stream(
    const handle& stream, wait_for what, const handle& wake, std::int64_t timeout_ns);

// Allows this stream to hold more unread bytes than it allows by default, or no longer.
void set_reserve(const handle& stream, bool raised) noexcept;

// Whether this is a connected local stream socket: what a link may consist of.
bool is_link_stream(const handle& stream) noexcept;

// Marks a link stream as one that somebody receives from, for everybody who has its other side. Only
// Linux can.
void mark_receiving_side(const handle& stream) noexcept;

// Marks one that came from a peer. False: its other side is marked as well, and the connection would never
// end. With two processes at it at the same time, at least one sees the mark of the other.
bool claim_receiving_side(const handle& stream) noexcept;

// System-wide monotonic clock, nanoseconds.
std::uint64_t now_ns() noexcept;

// An unpredictable number.
std::uint64_t random_u64() noexcept;

// An event that a blocking wait can include: signalled by one thread, cleared by the waiter.
class wake_event {
public:
    error_code open();
    bool is_open() const noexcept { return read_.is_open(); }
    void signal() noexcept;
    void clear() noexcept;
    const handle& readable() const noexcept { return read_; }

private:
    handle read_;
    handle write_;  // the other end of a pipe; unused where one handle is both
};

}  // namespace strait::detail::os

#endif
