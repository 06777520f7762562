//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_LINK_BATCH_HPP
#define STRAIT_DETAIL_LINK_BATCH_HPP

#include <strait/detail/config.hpp>
#include <strait/detail/link/outgoing_message.hpp>
#include <strait/error.hpp>

#include <cstddef>
#include <memory>
#include <vector>

// Values that are sent one behind the other. Each is encoded into the message that `next` gives, and
// then added. Small ones without attachments are joined, so that one write takes many.

namespace strait::detail {

class sender_core;

// Sends as it goes: what was added is written when a write is full, or by flush.
class batch_writer {
public:
    // With `may_wait` it blocks while the channel is full, else it fails with would_block.
    STRAIT_DECL batch_writer(sender_core& through, bool may_wait);
    batch_writer(const batch_writer&) = delete;
    batch_writer& operator=(const batch_writer&) = delete;
    STRAIT_DECL ~batch_writer();

    STRAIT_DECL outgoing_message& next(ownership mode);
    STRAIT_DECL error_code add();
    STRAIT_DECL error_code flush();

    std::size_t values_sent() const noexcept { return values_sent_; }

private:
    error_code send(outgoing_message& message);

    sender_core& through_;
    const bool may_wait_;
    outgoing_message joined_;
    outgoing_message one_;
    std::size_t values_sent_ = 0;
};

// Keeps all of them, for an operation that waits.
class outgoing_batch {
public:
    // Without a sender nothing can be added.
    STRAIT_DECL explicit outgoing_batch(sender_core* through) noexcept;
    STRAIT_DECL ~outgoing_batch();

    STRAIT_DECL outgoing_message& next(ownership mode);
    STRAIT_DECL error_code add();

    // The first of those that were added, each of which knows the one behind it; null if there is
    // none.
    outgoing_message* first() const noexcept {
        return messages_.empty() ? nullptr : messages_.front().get();
    }

private:
    void append(std::unique_ptr<outgoing_message> message);

    sender_core* const through_;
    std::vector<std::unique_ptr<outgoing_message>> messages_;
    std::unique_ptr<outgoing_message> one_;
    bool is_last_joined_ = false;
};

}  // namespace strait::detail

#endif
