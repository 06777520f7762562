//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_ENCODABLE_HPP
#define STRAIT_DETAIL_CODEC_ENCODABLE_HPP

#include <strait/detail/codec/coder.hpp>

namespace strait {

/// How a whole message of type `T` is encoded. Specialise it to plug in another encoding:
///
///     template <>
///     struct strait::codec<job> {
///         static void encode(const job& value, strait::output_archive& ar);
///         static void decode(strait::input_archive& ar, job& value);
///         static constexpr std::uint64_t fingerprint() { return 0x...; }
///     };
///
/// `encode` appends the message with `save_binary` or `<<`; `decode` has the whole message before
/// it (`remaining()` bytes) and must consume it; both may throw anything, which becomes an error
/// code. Equal fingerprints say that both programs mean the same bytes. The specialisation counts
/// where `T` is the message of a channel; as a member of another value `T` is coded as if there
/// were none.
template <class T>
struct codec;

namespace detail {

template <class T>
concept has_own_codec = !requires { typename codec<T>::strait_default; };

template <kind K, class T>
struct verdict {
    static constexpr bool good = K < kind::refused;
};

template <class T, class... Above>
constexpr auto examine();

template <class... Above>
constexpr auto examine_parts(types<>) {
    return verdict<kind::number, void>{};
}

template <class... Above, class T, class... Ts>
constexpr auto examine_parts(types<T, Ts...>) {
    if constexpr (constexpr auto first = examine<T, Above...>(); !first.good) {
        return first;
    } else {
        return examine_parts<Above...>(types<Ts...>{});
    }
}

// Finds the first type in T that cannot travel, and why. Above are the types that T lies in.
template <class T, class... Above>
constexpr auto examine() {
    if constexpr ((std::is_same_v<T, Above> || ...)) {
        return verdict<kind::number, T>{};
    } else if constexpr (kind_of<T>() >= kind::refused) {
        return verdict<kind_of<T>(), T>{};
    } else {
        return examine_parts<T, Above...>(typename coder<T>::parts{});
    }
}

template <class T>
inline constexpr bool can_travel = decltype(examine<T>())::good;

// One line for each reason; the compiler names Type beside it.
template <kind Reason, class Type>
constexpr void explain() {
    static_assert(
        Reason != kind::pointer,
        "strait: a raw pointer cannot travel; send the object itself, std::optional or "
        "std::unique_ptr");
    static_assert(
        Reason != kind::shared_pointer,
        "strait: a shared pointer cannot travel; use std::unique_ptr, or specialise "
        "strait::use_boost_archive for peers you trust");
    static_assert(
        Reason != kind::reference, "strait: a reference cannot travel; hold the object itself");
    static_assert(
        Reason != kind::view,
        "strait: a view cannot travel; use the container that owns (std::string, std::vector)");
    static_assert(
        Reason != kind::function,
        "strait: a function cannot travel; send a value that says what to call");
    static_assert(
        Reason != kind::union_type, "strait: a union cannot travel; use std::variant");
    static_assert(
        Reason != kind::constant, "strait: a const member cannot be decoded; remove the const");
    static_assert(
        Reason != kind::base_class,
        "strait: an aggregate with a base class needs BOOST_DESCRIBE_STRUCT or serialize");
    static_assert(
        Reason != kind::too_many_members,
        "strait: an aggregate of more than 64 members needs BOOST_DESCRIBE_STRUCT or serialize");
    static_assert(
        Reason != kind::not_constructible,
        "strait: every member of an aggregate must be default-constructible and no reference; "
        "else give it serialize");
    static_assert(
        Reason != kind::polymorphic_pointee,
        "strait: a pointer to a polymorphic class cannot travel; use std::variant, or specialise "
        "strait::use_boost_archive for peers you trust");
    static_assert(
        Reason != kind::custom_deleter,
        "strait: a std::unique_ptr with its own deleter or to an array cannot travel; use "
        "std::vector or give the class serialize");
    static_assert(
        Reason != kind::too_many_alternatives,
        "strait: a std::variant of more than 255 alternatives cannot travel");
    static_assert(
        Reason != kind::no_boost_archive,
        "strait: use_boost_archive needs #include <strait/boost_archive.hpp>");
    static_assert(
        Reason != kind::unknown,
        "strait: this class cannot travel yet; make it a plain aggregate, describe it with "
        "BOOST_DESCRIBE_CLASS, or give it serialize");
}

template <kind Reason, class Type>
constexpr void explain(verdict<Reason, Type>) {
    explain<Reason, Type>();
}

// A compile error of one line unless T can travel as part of a value.
template <class T>
constexpr void require_travel() {
    if constexpr (!can_travel<T>) explain(examine<T>());
}

}  // namespace detail

/// Whether values of type `T` can be messages: it has its own `codec`, or consists of parts that
/// travel. See the page "values" for the list.
template <class T>
concept encodable = detail::has_own_codec<T> || detail::can_travel<T>;

namespace detail {

// The same as a compile error that says what to do.
template <class T>
constexpr void require_encodable() {
    if constexpr (!has_own_codec<T>) require_travel<T>();
}

}  // namespace detail
}  // namespace strait

#endif
