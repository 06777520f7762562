//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_MESSAGE_HPP
#define STRAIT_MESSAGE_HPP

#include <strait/detail/ends/typed_message.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace strait {

/// A message that was received and not decoded: what an `any_receiver` and a `receiver_set` give.
///
/// It owns everything that came with it. Dropped undecoded it closes every handle and end in it.
///
/// *Thread safety.* Distinct objects: safe. Shared objects: unsafe.
class message {
public:
    /// Constructs an empty message.
    message() noexcept = default;

    message(message&&) noexcept = default;
    message& operator=(message&&) noexcept = default;

    /// Whether there is nothing here: default constructed, moved from or decoded.
    bool empty() const noexcept { return !from_; }

    /// What the sender called the message type of the channel, for people.
    std::string_view type_name() const noexcept {
        return from_ ? std::string_view(from_->identity().type_name) : std::string_view();
    }

    /// Whether it is a message of a channel of `T`.
    template <class T>
    bool is() const noexcept {
        return from_ && from_->identity().fingerprint == detail::fingerprint_of<T>();
    }

    /// Decodes it. Ends in the value get the executor of the receiver that the message came through.
    ///
    /// *Errors*: `error::type_mismatch`: the channel is of another type; `details` names both, and the
    /// message stays as it was. `error::not_open` for an empty message. Those of decoding
    /// (`error::bad_message`, `error::bad_attachment`...), after which the message is empty. With an error
    /// a default constructed value is returned.
    template <class T>
    T as(error_code& ec, diagnostics& details) {
        T value = make_value<T>();
        ec = detail::match<T>(from_, details);
        if (ec) return value;
        ec = detail::decode_message(from_, raw_, value, details);
        *this = message();
        if (ec) value = make_value<T>();
        return value;
    }
    template <class T>
    T as(error_code& ec) {
        diagnostics details;
        return as<T>(ec, details);
    }

    /// As above, but throws `system_error`, whose text names both types after a `type_mismatch`.
    template <class T>
    T as() {
        error_code ec;
        diagnostics details;
        T value = as<T>(ec, details);
        if (ec) detail::throw_mismatch(ec, details);
        return value;
    }

    // For strait itself.
    message(detail::incoming_message raw, std::shared_ptr<detail::receiver_core> from) noexcept
        : from_(std::move(from)), raw_(std::move(raw)) {
        raw_.lend();
    }

private:
    std::shared_ptr<detail::receiver_core> from_;
    detail::incoming_message raw_;
};

namespace detail {

template <>
inline constexpr bool stands_for_any<message> = true;

}  // namespace detail

/// The name of what erased ends are ends of.
template <>
struct type_name<message> {
    static constexpr std::string_view value = "strait.any";
};

}  // namespace strait

#endif
