//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_LINK_BLOCK_TABLE_HPP
#define STRAIT_LIB_LINK_BLOCK_TABLE_HPP

#include "shm/block_memory.hpp"

#include <strait/detail/wire/incoming_message.hpp>
#include <strait/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace strait::detail {

// What stands in a message instead of bytes that lie in a block.
struct block_ref {
    static constexpr std::size_t wire_bytes = 32;

    std::uint32_t id = 0;
    bool is_new = false;  // its memory rides along
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint64_t block_bytes = 0;

    void put(byte_buffer& to) const;
    // Of a body that begins with it; false if it does not.
    bool get(std::span<const std::byte> body) noexcept;

    // Where they lie.
    std::span<const std::byte> in(const block_view& view) const noexcept {
        return view.bytes().subspan(
            static_cast<std::size_t>(offset), static_cast<std::size_t>(bytes));
    }
};

// The loans of a message stand at its end: the references, and how many there are. The references, and
// what is before them; false if there are none.
bool split_loans(std::span<const std::byte>& body, std::span<const std::byte>& refs) noexcept;

// The blocks of one link at its receiving side. It writes to the link which blocks are free again,
// for as long as the link is here. Thread-safe: a message gives its block back wherever it is dropped.
class block_table {
public:
    explicit block_table(const limits& bounds) noexcept;

    // A message has arrived: it must refer to blocks that it brings, or that are free, which are its own
    // from here on. False: the peer broke its word.
    bool begin_use(incoming_message& message);

    // A block that a message refers to; if it is new, of that memory.
    std::shared_ptr<const block_view> open(
        const block_ref& ref, handle memory, error_code& ec);

    // Nobody looks at the block any more. Its sender is told at once, but while others are unread and it wants none:
    // then as soon as half of the memory is free, or all of them were read or are with the user.
    void end_use(std::uint32_t id) noexcept;

    // The block is with the user for as long as he likes. When the sender wants blocks, and was not told of any
    // since, he keeps this one for good, and so it is with those that he has when it says so and none is free.
    void lend(std::uint32_t id) noexcept;
    void sender_wants() noexcept;
    bool is_wanted() const noexcept;

    // The sender has dropped a free block.
    bool forget(std::uint32_t id) noexcept;

    // The link is here, or not any more. What cannot be said meanwhile is said when it is back.
    void attach(const handle& stream) noexcept;
    void detach() noexcept;

    // For a receiver that moves to another process: what it knows. Blocks of messages that do not move
    // along stay with those who have them.
    struct entry {
        std::uint32_t id = 0;
        std::shared_ptr<const block_view> view;  // null: kept for good
        bool is_unsaid = false;                   // it is free, and the sender was not told
    };
    std::vector<entry> entries(std::span<const std::uint32_t> moving) const;
    // The same for messages whose link is gone: of theirs alone.
    std::vector<entry> entries_of(std::span<const std::uint32_t> moving) const;
    error_code restore(
        std::uint32_t id, handle memory, std::uint64_t bytes, bool is_unsaid);
    void restore_kept(std::uint32_t id);

private:
    struct slot {
        std::shared_ptr<const block_view> view;
        std::uint64_t bytes = 0;
        bool in_use = false;
        bool is_lent = false;
        bool is_kept = false;
    };

    // With the mutex held.
    bool begin_use(const block_ref& ref);
    bool fits(std::uint64_t bytes) const noexcept;
    void keep(std::uint32_t id, slot& s) noexcept;
    void give_out(slot& s) noexcept;
    void say(std::uint32_t id, bool for_good) noexcept;
    void flush() noexcept;
    void flush_if_due() noexcept;

    bool is_forked() const noexcept;

    const std::uint64_t generation_;
    const std::uint64_t most_bytes_;
    const std::uint64_t most_value_bytes_;

    mutable std::mutex mutex_;
    std::map<std::uint32_t, slot> slots_;
    std::uint64_t used_bytes_ = 0;  // of those that are not kept
    std::size_t kept_ = 0;
    std::size_t unread_ = 0;  // in use, and not with the user
    bool is_wanted_ = false;  // and nothing was said since
    const handle* stream_ = nullptr;
    struct news {
        std::uint32_t id;
        bool for_good;
    };
    std::vector<news> unsaid_;
    std::uint64_t unsaid_bytes_ = 0;
};

}  // namespace strait::detail

#endif
