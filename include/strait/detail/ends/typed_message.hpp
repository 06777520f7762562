//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_TYPED_MESSAGE_HPP
#define STRAIT_DETAIL_ENDS_TYPED_MESSAGE_HPP

#include <strait/codec.hpp>
#include <strait/detail/link/cores.hpp>

// Where the codec and the links meet: a T becomes a message and back.

namespace strait::detail {

// Encodes a value to be sent through `through`. On error the message is empty and the value as it
// was, unless it was consumed.
template <class T>
error_code encode_message(
    sender_core& through, const T& value, ownership mode, bool one_write, outgoing_message& out) {
    try {
        out.begin(mode, through.spare_buffer());
        output_archive archive(out.buffer(), &out, through.identity().bounds);
        encode(value, archive);
        return out.prepare(through, one_write);
    } catch (...) {
        const error_code ec = current_exception_code();
        out.revoke();
        return ec;
    }
}

template <class T>
error_code decode_message(receiver_core& receiver, incoming_message& message, T& value,
    diagnostics& details) noexcept {
    if (message.fault) return message.fault;
    std::optional<message_reader> attachments;
    try {
        attachments.emplace(message, receiver);
        input_archive archive(attachments->value(), &*attachments, receiver.identity().bounds);
        decode(archive, value);
        attachments->finish();
        return {};
    } catch (...) {
        const error_code ec = current_exception_code();
        if (attachments) details = attachments->details();
        return ec;
    }
}

}  // namespace strait::detail

#endif
