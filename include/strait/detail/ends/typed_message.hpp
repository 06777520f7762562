//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_TYPED_MESSAGE_HPP
#define STRAIT_DETAIL_ENDS_TYPED_MESSAGE_HPP

#include <strait/codec.hpp>
#include <strait/detail/link/cores.hpp>
#include <strait/detail/payload.hpp>

#include <boost/asio/error.hpp>

#include <optional>
#include <type_traits>
#include <utility>

// Where the codec and the links meet: a T becomes a message and back.

namespace strait {
class message;
}

namespace strait::detail {

// Calls what makes a message. Whatever it throws becomes a code, and the message is empty then.
template <class Make>
error_code make_message(outgoing_message& out, Make make) {
    try {
        return make();
    } catch (...) {
        const error_code ec = current_exception_code();
        out.revoke();
        return ec;
    }
}

// Encodes a value into a message that was begun.
template <class T>
void encode_into(sender_core& through, const T& value, outgoing_message& out) {
    output_archive archive(out.buffer(), &out, through.identity().bounds);
    encode(value, archive);
}

// Encodes a value to be sent through `through`. On error the message is empty and the value as it
// was, unless it was consumed.
template <class T>
error_code encode_message(
    sender_core& through, const T& value, ownership mode, bool one_write, outgoing_message& out) {
    return make_message(out, [&] {
        out.begin(mode, spare_buffer(), &through);
        encode_into(through, value, out);
        return out.prepare(through, one_write);
    });
}

// Bytes that are a message, where they lie.
struct bytes_loan {
    payload_part content;
};

inline error_code encode_message(sender_core& through, const bytes_loan& value, ownership mode,
    bool one_write, outgoing_message& out) {
    return make_message(out, [&] {
        out.begin(mode, spare_buffer(), &through);
        if (!out.begin_with_loan(value.content)) out.buffer().append(value.content.bytes);
        return out.prepare(through, one_write);
    });
}

// Whether the end is one of a channel of T; else why not.
template <class T, class Core>
error_code match(const std::shared_ptr<Core>& core, diagnostics& details) {
    if (!core) return error::not_open;
    return check_type(core->identity(), identity_of<T>(), details) ? error_code()
                                                                   : error::type_mismatch;
}

[[noreturn]] inline void throw_mismatch(const error_code& ec, const diagnostics& details) {
    if (details.found.empty()) throw system_error(ec);
    throw system_error(ec, details.found + " instead of " + details.expected);
}

// Whether an error says that a message was of no use, rather than that it did not fit what it was
// received into.
inline bool is_fault(const error_code& ec) noexcept {
    return ec && ec != asio::error::message_size;
}

// A T out of a message of that receiver; the erased `message` takes it as it is.
template <class T>
error_code decode_message(const std::shared_ptr<receiver_core>& receiver,
    incoming_message& message, T& value, diagnostics& details) noexcept {
    if (message.fault) return message.fault;
    if constexpr (std::is_same_v<T, strait::message>) {
        value = T(std::move(message), receiver);
        return {};
    } else {
        std::optional<message_reader> attachments;
        try {
            if (message.is_plain()) {
                input_archive archive(message.body, nullptr, receiver->identity().bounds);
                decode(archive, value);
                return {};
            }
            attachments.emplace(message, *receiver);
            input_archive archive(attachments->value(), &*attachments, receiver->identity().bounds);
            decode(archive, value);
            attachments->finish();
            return {};
        } catch (...) {
            const error_code ec = current_exception_code();
            if (attachments) details = attachments->details();
            return ec;
        }
    }
}

}  // namespace strait::detail

#endif
