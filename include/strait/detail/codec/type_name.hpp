//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_TYPE_NAME_HPP
#define STRAIT_DETAIL_CODEC_TYPE_NAME_HPP

#include <cstddef>
#include <string_view>

namespace strait {

/// Names a message type by hand. Specialise it with a member `static constexpr std::string_view
/// value` to decide both the fingerprint and the readable name of `T`, wherever it occurs:
///
///     template <>
///     struct strait::type_name<job> {
///         static constexpr std::string_view value = "acme.job.v1";
///     };
///
/// Two programs then agree on the type as long as they agree on the name, whatever members either
/// of them believes it to have; a change of the members needs a new name. Every translation unit
/// that uses `T` in a channel must see the specialisation.
template <class T>
struct type_name;

namespace detail {

template <class T>
concept named_by_hand = requires { std::string_view(type_name<T>::value); };

// The type as the compiler spells it. Compilers differ in spelling, so this is for people and for
// the question whether a type is the standard library's, and never part of a fingerprint.
template <class T>
constexpr std::string_view spelled() {
#if defined(_MSC_VER) && !defined(__clang__)
    std::string_view text = __FUNCSIG__;
    text.remove_prefix(text.find("spelled<") + 8);
    text.remove_suffix(text.size() - text.rfind(">(void)"));
    for (std::string_view key : {"class ", "struct ", "enum "}) {
        if (text.starts_with(key)) text.remove_prefix(key.size());
    }
    return text;
#else
    // "... spelled() [with T = X; std::string_view = ...]" or "... [T = X]".
    std::string_view text = __PRETTY_FUNCTION__;
    text.remove_prefix(text.find("T = ") + 4);
    const std::size_t alias = text.find("; std::string_view = ");
    return text.substr(0, alias != text.npos ? alias : text.rfind(']'));
#endif
}

// Whether T is the standard library's own. Such types are recognised by their shape rather than
// by their template, so that the codec includes none of the standard's headers (together they cost
// more than all the rest of it): who has a std::map has included <map>. Boost.Container's types
// have the same shapes.
template <class T>
inline constexpr bool is_library_type =
    spelled<T>().starts_with("std::") || spelled<T>().starts_with("boost::container::");

// A readable name of T: the one given by hand, else the compiler's.
template <class T>
constexpr std::string_view type_name_of() noexcept {
    if constexpr (named_by_hand<T>) {
        return type_name<T>::value;
    } else {
        return spelled<T>();
    }
}

}  // namespace detail
}  // namespace strait

#endif
