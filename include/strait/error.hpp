//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_ERROR_HPP
#define STRAIT_ERROR_HPP

#include <strait/detail/config.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <string>

namespace strait {

using boost::system::error_code;
using boost::system::error_condition;
using boost::system::system_error;

/// What can go wrong in strait where neither the system nor Asio has a word for it.
///
/// An orderly end is `asio::error::eof`, a receiver that is gone `asio::error::broken_pipe`, close
/// and cancel `asio::error::operation_aborted`, a deadline `asio::error::timed_out`, "not now"
/// `asio::error::would_block`, memory or kernel buffers used up `asio::error::no_buffer_space`.
/// System errors pass unchanged.
enum class error {
    /// The encoded value is larger than `limits::max_message_bytes` of the channel, or does not
    /// fit what a non-blocking send may write at once. Nothing was sent.
    message_too_large = 1,

    /// The value carries more handles than `limits::max_handles_per_message`. Nothing was sent.
    too_many_handles,

    /// The value contains an end or a handle that is empty (default constructed, closed or moved
    /// from). Wrap it in `std::optional` to send nothing. Nothing was sent.
    empty_end,

    /// The operation needs an end that is open: this one is empty or was closed or sent away.
    not_open,

    /// An asynchronous operation was started on an end that has no executor: call `bind` first.
    not_bound,

    /// A receiver was sent through a sender of its own channel, where nobody could ever read it.
    /// Nothing was sent.
    own_receiver,

    /// A receiver lies in a `const` value and can therefore not be moved out of it.
    not_movable,

    /// The process was forked since the end was made: only closing works here.
    owner_changed,

    /// The bytes do not decode as the expected type: wrong length, an impossible value, nesting or
    /// memory beyond the limits, or bytes left over.
    bad_message,

    /// The message refers to an attachment that is missing, of another kind, or already taken, or
    /// left one untouched.
    bad_attachment,

    /// Handles of the message were lost on the way in, because this process has too many open.
    handles_lost,

    /// The peer speaks of another message type. `diagnostics` names both.
    type_mismatch,

    /// The peer speaks another version of the protocol. `diagnostics` names both.
    version_mismatch,

    /// A class in the message was written by a newer version of the program than this one knows.
    unsupported_class_version,

    /// The peer broke the protocol; the link to it was ended.
    protocol_violation,

    /// A peer wants more links adopted than `limits` allow; the surplus was closed.
    too_many_links,

    /// This process was not started with ends handed to it, or they were taken up already.
    no_inherited_ends,

    /// No end of that name or position was handed to this process, or it is of another kind.
    no_such_end,

    /// The handle holds another kind of object than the conversion asks for.
    wrong_handle_kind,

    /// A blocking select was called on a set without receivers, which could never return.
    empty_set,

    /// An end of an in-process channel was sent through a channel that can leave the process. Nothing
    /// was sent.
    in_process_end,
};

/// Groups of errors, to be compared with an `error_code`.
enum class condition {
    /// The other side of the channel is gone: `eof`, `broken_pipe`, `connection_reset`.
    disconnected = 1,

    /// The peer sent what it should not have.
    protocol_violation,

    /// A limit, of strait or of the system, stands in the way.
    limit,
};

/// The category of `strait::error`.
STRAIT_DECL const boost::system::error_category& error_category() noexcept;

/// The category of `strait::condition`.
STRAIT_DECL const boost::system::error_category& condition_category() noexcept;

inline error_code make_error_code(error e) noexcept {
    return {static_cast<int>(e), error_category()};
}

inline error_condition make_error_condition(condition c) noexcept {
    return {static_cast<int>(c), condition_category()};
}

/// Whether an end that reported `ec` is of no further use: its channel has ended, or it is closed,
/// empty, or belongs to another process. After every other error it works as before.
STRAIT_DECL bool is_fatal(const error_code& ec) noexcept;

/// Names both sides of a disagreement, beside `error::type_mismatch` and `error::version_mismatch`.
struct diagnostics {
    /// What this program expected: a type's name and fingerprint, or a protocol version.
    std::string expected;

    /// What the other side announced. It comes from the peer: escaped and cut to 256 characters.
    std::string found;

    friend bool operator==(const diagnostics&, const diagnostics&) = default;
};

}  // namespace strait

template <>
struct boost::system::is_error_code_enum<strait::error> : std::true_type {};

template <>
struct boost::system::is_error_condition_enum<strait::condition> : std::true_type {};

#endif
