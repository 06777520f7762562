//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_CODEC_HPP
#define STRAIT_CODEC_HPP

#include <strait/detail/codec/adaptor.hpp>
#include <strait/detail/codec/associative.hpp>
#include <strait/detail/codec/attachment.hpp>
#include <strait/detail/codec/bits.hpp>
#include <strait/detail/codec/choice.hpp>
#include <strait/detail/codec/encodable.hpp>
#include <strait/detail/codec/fingerprint.hpp>
#include <strait/detail/codec/library_values.hpp>
#include <strait/detail/codec/product.hpp>
#include <strait/detail/codec/scalar.hpp>
#include <strait/detail/codec/sequence.hpp>
#include <strait/detail/codec/serialized.hpp>

namespace strait {

namespace detail {

template <class T>
void save_value(output_archive& ar, const T& value) {
    using plain = std::remove_cv_t<T>;
    require_travel<plain>();
    if constexpr (can_travel<plain>) coder<plain>::save(ar, value);
}

template <class T>
void load_value(input_archive& ar, T& value) {
    require_travel<T>();
    if constexpr (can_travel<T>) coder<T>::load(ar, value);
}

}  // namespace detail

template <class T>
struct codec {
    using strait_default = void;

    static void encode(const T& value, output_archive& ar) { ar << value; }
    static void decode(input_archive& ar, T& value) { ar >> value; }
    static constexpr std::uint64_t fingerprint() { return detail::fingerprint_of<T>(); }
};

/// Appends `value` to the message that `ar` writes, which is complete then.
///
/// Errors, thrown as `system_error`: `error::empty_end` for an empty end or handle,
/// `error::bad_message` for a value that a receiver with the same limits would refuse (nested too
/// deep, or expanding too far), `error::message_too_large` for a container of 2^32 elements or
/// more, what the attachment writer reports; and whatever the value's own functions throw. The
/// buffer then holds a part of the message, to be cut off.
template <class T>
void encode(const T& value, output_archive& ar) {
    detail::require_encodable<T>();
    codec<T>::encode(value, ar);
    ar.finish();
}

/// Reads the message of `ar`, all of it, into `value`.
///
/// Errors, thrown as `system_error`: `error::bad_message` for bytes that are no `T`, nest too deep,
/// expand too far or are left over, `error::unsupported_class_version`, `error::bad_attachment`,
/// what the attachment reader reports; and whatever the value's own functions throw
/// (`current_exception_code` makes a code of all of them). `value` is valid but unspecified then.
template <class T>
void decode(input_archive& ar, T& value) {
    detail::require_encodable<T>();
    codec<T>::decode(ar, value);
    ar.finish();
}

/// A value to decode into: value-initialised, by its private default constructor if it befriends
/// `boost::serialization::access` (then it must be movable).
template <class T>
T make_value() {
    return detail::make_value_of<T>();
}

/// The error code for the exception being handled: that of a `system_error`, of Boost's or the
/// standard's; `asio::error::no_buffer_space` for `std::bad_alloc`;
/// `error::unsupported_class_version` and `error::bad_message` for Boost's `archive_exception`;
/// `error::bad_message` for everything else. To be called within a `catch` block.
STRAIT_DECL error_code current_exception_code() noexcept;

}  // namespace strait

#endif
