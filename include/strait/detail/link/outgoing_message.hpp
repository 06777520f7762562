//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_LINK_OUTGOING_MESSAGE_HPP
#define STRAIT_DETAIL_LINK_OUTGOING_MESSAGE_HPP

#include <strait/detail/attachments.hpp>
#include <strait/detail/byte_buffer.hpp>
#include <strait/detail/config.hpp>
#include <strait/detail/payload.hpp>
#include <strait/detail/wire/message_cursor.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace strait::detail {

class block_lender;
class block_pool;
class sender_core;
struct cargo;
struct carried_load;
struct incoming_message;
struct pool_block;

// What becomes of the handles and receivers in a value that is encoded.
enum class ownership {
    copy,     // the value is const: handles are duplicated, receivers refused
    share,    // handles are duplicated; receivers leave, and come back if the send fails
    lend,     // both leave when the send succeeds; the value outlives the send
    consume,  // both, and senders, leave now; they are closed if the send fails
};

// A value encoded, with what travels beside the bytes. Encoding only notes the attachments; prepare
// makes what they need, and a message that is not sent puts back what it can when it is destroyed.
class outgoing_message final : public attachment_writer, private buffer_source {
public:
    STRAIT_DECL outgoing_message() noexcept;
    outgoing_message(const outgoing_message&) = delete;
    outgoing_message& operator=(const outgoing_message&) = delete;
    STRAIT_DECL ~outgoing_message();

    // Before encoding: empty, with room for the first frame's header at the front of the buffer. What
    // becomes large is encoded where the sender, if there is one, wants to have it.
    STRAIT_DECL void begin(ownership mode, byte_buffer buffer, sender_core* through);

    byte_buffer& buffer() noexcept { return buffer_; }

    STRAIT_DECL std::uint32_t add(const handle& h) override;
    STRAIT_DECL std::uint32_t add(const std::shared_ptr<sender_core>& sender) override;
    STRAIT_DECL std::uint32_t add(const std::shared_ptr<receiver_core>& receiver) override;
    STRAIT_DECL std::uint32_t add(const std::shared_ptr<const region>& memory) override;
    STRAIT_DECL std::optional<std::uint32_t> add(
        std::shared_ptr<payload>& owner, std::span<const std::byte> bytes) override;

    // Instead of encoding: the message is what lies there. False: it would have to be copied, so that
    // it can as well be encoded.
    STRAIT_DECL bool begin_with_loan(const payload_part& content);

    bool has_attachments() const noexcept { return item_count_ != 0; }

    // Gives senders new links, stops receivers, and appends the attachment table; then the message
    // can be written. `through` is the sender that it goes through. With `one_write`, a message
    // that is too large for a single write moves into memory that rides along. On error everything
    // is as before.
    STRAIT_DECL error_code prepare(sender_core& through, bool one_write);

    // Whether the value, which was encoded and not prepared, can be joined: a small one without
    // attachments, of a channel that makes system calls which that saves.
    STRAIT_DECL bool is_joinable() const noexcept;

    // Takes in the value of `one`, which is joinable: they lie behind each other, each a message of its
    // own, as long as they fit one write. Without begin, and in a message that is used for nothing else.
    // False: it does not fit here; an empty one takes any.
    STRAIT_DECL bool join(const outgoing_message& one);

    // The messages that are joined, of which so many were written.
    std::size_t value_count() const noexcept { return value_count_; }
    std::size_t values_written() const noexcept { return cursor_.frames_done(); }

    // What the same operation sends next.
    outgoing_message* behind = nullptr;

    // How far it has been written.
    message_cursor& cursor() noexcept { return cursor_; }

    // Bytes held while it waits.
    std::size_t held_bytes() const noexcept { return held_bytes_; }

    // The encoded value.
    STRAIT_DECL std::span<const std::byte> body() const noexcept;

    // For a message that stays in the process: gives everything in it away, but for bytes that `to` has
    // copied already. Then it counts as sent.
    STRAIT_DECL void hand_over(incoming_message& to) noexcept;

    // The handles to write, in the order of the table; they stay where they are.
    std::span<const handle* const> handles() const noexcept { return handles_; }

    // Its blocks, if it has some, are the receiver's.
    bool blocks_sent(block_pool& pool) noexcept;

    // Whether the value should be moved into a block before it is written; and how large that must be.
    bool wants_block() const noexcept { return wants_block_; }
    STRAIT_DECL std::size_t block_bytes() const noexcept;
    void move_into_block(const std::shared_ptr<block_lender>& lender, pool_block& block);
    error_code go_without_block();

    // The message was written: lets go of what was sent.
    STRAIT_DECL void sent() noexcept;

    // The message will not be written: receivers that did not leave yet come back.
    STRAIT_DECL void revoke() noexcept;

    // The buffer, to be used again.
    byte_buffer take_buffer() noexcept { return std::move(buffer_); }

private:
    struct item;

    // Memory that goes as it is, or was copied into a block.
    struct loan_item {
        std::shared_ptr<payload> owner;
        pool_block* block = nullptr;
        std::size_t offset = 0;
        std::size_t bytes = 0;
    };

    item& add_item();
    std::uint32_t add_loan(std::shared_ptr<payload> owner, pool_block& block, std::size_t offset,
        std::size_t bytes);
    std::span<const loan_item> loans_behind() const noexcept;
    void append_loans();
    error_code prepare_items(sender_core& through);
    error_code prepare_carried(sender_core& through);
    void append_table();
    error_code move_to_memory();
    error_code pack_handles();
    std::span<std::byte> room(std::size_t bytes) override;
    void refer_to_block(pool_block& block, std::size_t offset);
    void set_cursor() noexcept;
    void clear() noexcept;

    byte_buffer buffer_;
    message_cursor cursor_;
    handle memory_;  // what the body was moved to
    handle pack_;    // what more handles than one write carries lie in
    std::size_t packed_count_ = 0;
    sender_core* through_ = nullptr;
    std::shared_ptr<block_lender> lender_;  // of the blocks
    pool_block* block_ = nullptr;           // what the value is encoded to
    pool_block* outgrown_ = nullptr;        // what it was encoded to before
    std::size_t value_bytes_ = 0;
    std::size_t held_bytes_ = 0;
    std::size_t value_count_ = 1;
    bool wants_block_ = false;
    bool is_loan_ = false;  // the value is the first of them
    bool one_write_ = false;
    ownership mode_ = ownership::copy;
    std::uint32_t item_count_ = 0;
    std::vector<item> items_;
    std::vector<loan_item> loans_;
    std::shared_ptr<carried_load> carried_;
    std::vector<std::shared_ptr<sender_core>> more_senders_;  // of a link that an item has already
    std::uint64_t repeated_senders_ = 0;
    std::vector<const handle*> handles_;
};

}  // namespace strait::detail

#endif
