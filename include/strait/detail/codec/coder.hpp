//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_CODER_HPP
#define STRAIT_DETAIL_CODEC_CODER_HPP

#include <strait/detail/codec/input_archive.hpp>
#include <strait/detail/codec/kind.hpp>
#include <strait/detail/codec/output_archive.hpp>

#include <array>
#include <optional>

namespace strait::detail {

// How values of one kind are coded. A specialisation for each kind has
//   parts        types<...>: the types a value consists of
//   tag          what it is in a fingerprint, beside its parts
//   details      (optional) numbers that belong to the tag
//   min_bytes()  the fewest bytes that a value takes on the wire
//   save, load
template <class T, kind K>
struct coder_for {
    using parts = types<>;
    static constexpr std::string_view tag = "";
    static constexpr std::size_t min_bytes() { return 0; }
    static void save(output_archive&, const T&) {}
    static void load(input_archive&, T&) {}
};

template <class T>
using coder = coder_for<T, kind_of<T>()>;

// Whether an object's bytes in memory are its bytes on the wire, and any bytes are a valid object:
// then many can be copied at once.
template <class T>
constexpr bool is_bitwise();

template <class... Ts>
constexpr bool fill(std::size_t size, types<Ts...>) {
    return (is_bitwise<Ts>() && ...) && (sizeof(Ts) + ... + 0) == size && size != 0;
}

template <class T>
constexpr bool is_bitwise() {
    constexpr kind k = kind_of<T>();
    if constexpr (!little_endian_host) {
        return false;
    } else if constexpr (k == kind::number) {
        return !std::is_same_v<T, long double>;
    } else if constexpr (k == kind::enumeration) {
        return is_bitwise<std::underlying_type_t<T>>();
    } else if constexpr (k == kind::c_array) {
        return is_bitwise<std::remove_extent_t<T>>();
    } else if constexpr (k == kind::aggregate && std::is_trivially_copyable_v<T>) {
        // Without padding: what lies there would leak.
        return fill(sizeof(T), member_types<T>{});
    } else {
        return false;
    }
}

template <class T>
constexpr std::size_t min_bytes_of() {
    return coder<T>::min_bytes();
}

template <class... Ts>
constexpr std::size_t min_bytes_of_all(types<Ts...>) {
    return (min_bytes_of<Ts>() + ... + 0);
}

// Decoding needs somewhere to decode into.
template <class T>
T make_value_of() {
    if constexpr (std::is_aggregate_v<T>) {
        return T{};
    } else if constexpr (std::is_default_constructible_v<T>) {
        return T();
    } else {
        // A private default constructor: made in place by the friend, and moved out.
        union slot {
            slot() {}
            ~slot() {}
            T value;
        } made;
        boost::serialization::access::construct(&made.value);
        struct end_of_life {
            T& value;
            ~end_of_life() { value.~T(); }
        } guard{made.value};
        return T(std::move(made.value));
    }
}

}  // namespace strait::detail

#endif
