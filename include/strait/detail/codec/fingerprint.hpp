//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_FINGERPRINT_HPP
#define STRAIT_DETAIL_CODEC_FINGERPRINT_HPP

#include <strait/detail/attachments.hpp>
#include <strait/detail/codec/encodable.hpp>
#include <strait/detail/codec/type_name.hpp>

#include <typeinfo>

// A number that two programs compare before they exchange values. It follows from the structure of
// a reflected type (kinds, widths, counts, order; not names), so that compilers agree; for types
// with serialize, whose structure is hidden in a function, from the type's mangled name.

namespace strait::detail {

// FNV-1a, finished with the mixing steps of splitmix64 since FNV mixes its last bytes weakly.
class hash {
public:
    constexpr void text(std::string_view s) {
        for (char c : s) byte(static_cast<unsigned char>(c));
        byte(0xff);
    }

    constexpr void number(std::uint64_t n) {
        for (int i = 0; i < 8; ++i) byte(static_cast<unsigned char>(n >> (8 * i)));
    }

    constexpr std::uint64_t result() const {
        std::uint64_t h = state_;
        h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
        h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
        return h ^ (h >> 31);
    }

private:
    constexpr void byte(unsigned char b) { state_ = (state_ ^ b) * 0x100000001b3u; }

    std::uint64_t state_ = 0xcbf29ce484222325u;
};

// How many levels up T lies, beginning with 1; 0 if it does not.
template <class T, class... Above>
constexpr std::size_t distance_to() {
    std::size_t at = 0;
    std::size_t found = 0;
    ((++at, found = found == 0 && std::is_same_v<T, Above> ? at : found), ...);
    return found;
}

template <class T, class... Above>
constexpr void feed(hash& h);

template <class... Above, class... Ts>
constexpr void feed_parts(hash& h, types<Ts...>) {
    h.text("(");
    (feed<Ts, Above...>(h), ...);
    h.text(")");
}

template <class T, class... Above>
constexpr void feed(hash& h) {
    if constexpr (named_by_hand<T>) {
        h.text("named");
        h.text(type_name<T>::value);
    } else if constexpr (constexpr auto up = distance_to<T, Above...>(); up != 0) {
        h.text("up");
        h.number(up);
    } else if constexpr (has_own_codec<T>) {
        h.text("codec");
        h.number(codec<T>::fingerprint());
    } else {
        h.text(coder<T>::tag);
        if constexpr (requires { coder<T>::details; }) {
            for (std::uint64_t n : coder<T>::details) h.number(n);
        }
        if constexpr (constexpr kind k = kind_of<T>();
                      k == kind::serialized || k == kind::boost_archive) {
            h.text(typeid(T).name());
        } else if constexpr (k == kind::attachment) {
            if constexpr (!std::is_void_v<typename end_traits<T>::value_type>)
                feed_parts<T, Above...>(h, types<typename end_traits<T>::value_type>{});
        } else {
            feed_parts<T, Above...>(h, typename coder<T>::parts{});
        }
    }
}

template <class T>
constexpr std::uint64_t compute_fingerprint() {
    hash h;
    feed<T>(h);
    return h.result();
}

template <class T>
concept has_constant_fingerprint =
    requires { typename std::integral_constant<std::uint64_t, compute_fingerprint<T>()>; };

// A constant expression unless T has, somewhere in it, a type with serialize that is not named by
// hand.
template <class T>
constexpr std::uint64_t fingerprint_of() {
    if constexpr (has_constant_fingerprint<T>) {
        return std::integral_constant<std::uint64_t, compute_fingerprint<T>()>::value;
    } else {
        return compute_fingerprint<T>();
    }
}

// Whether ends of T are erased: ends of whatever type.
template <class T>
inline constexpr bool stands_for_any = false;

template <class T>
constexpr type_identity identity_of() {
    return {fingerprint_of<T>(), type_name_of<T>(), stands_for_any<T>};
}

}  // namespace strait::detail

#endif
