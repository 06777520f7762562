//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_LIB_PROCESS_BOOTSTRAP_HPP
#define STRAIT_LIB_PROCESS_BOOTSTRAP_HPP

#include <strait/detail/link/cores.hpp>
#include <strait/error.hpp>
#include <strait/handle.hpp>
#include <strait/impl/process_plan.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// How ends reach a child: a socket that it inherits holds a preamble, then one message of an
// ordinary channel, whose attachments are the ends.
//
//     preamble   'strt', protocol version (u16), zero (u16)
//     value      count (u32), then for each end: kind (u8), index of the attachment (u32), length of
//                the name (u32), the name
//
// The preamble stays as it is in all versions of the protocol, so that each can name another.

namespace strait::detail {

// The parent's side.
class bootstrap {
public:
    // Makes ready what can fail before there is a child: given receivers stop, given senders get a link. When this object
    // goes without deliver, they are as before.
    error_code prepare(std::vector<given_end>& given);

    // What the child must inherit.
    const handle& child_side() const noexcept { return child_side_; }

    // The child runs. Writes the message, which fits what the system holds for it. A child that is gone
    // already is no error.
    error_code deliver();

private:
    handle child_side_;
    std::shared_ptr<sender_core> through_;
    outgoing_message message_;  // refers to the one above, and goes before it
};

// The child's side.
struct bootstrap_entry {
    std::string name;
    given_kind kind = given_kind::handle;
    std::uint32_t index = 0;
    bool taken = false;
};

struct bootstrap_message {
    std::shared_ptr<receiver_core> through;
    incoming_message raw;
    std::vector<bootstrap_entry> entries;
    std::unique_ptr<message_reader> attachments;  // into raw, and goes before it
};

// Waits for the message. Throws system_error; `details` names both sides of a version_mismatch.
std::unique_ptr<bootstrap_message> receive_bootstrap(handle socket, diagnostics& details);

}  // namespace strait::detail

#endif
