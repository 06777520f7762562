//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_CHARGES_HPP
#define STRAIT_DETAIL_CODEC_CHARGES_HPP

#include <strait/detail/codec/shapes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

// What a container of n elements asks of its allocator, at most and at once: the budget pays for
// real memory. The numbers are those of libstdc++ 12, which the tests count.

namespace strait::detail {

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// A node: pointers, the element, and what `behind` it.
template <class Element>
constexpr std::size_t node_bytes(std::size_t pointers, std::size_t behind = 0) {
    constexpr std::size_t align = std::max(alignof(Element), alignof(void*));
    const std::size_t at = round_up(pointers * sizeof(void*), alignof(Element));
    const std::size_t end = at + sizeof(Element);
    return round_up(behind == 0 ? end : round_up(end, behind) + behind, align);
}

// A deque allocates blocks of 512 bytes, or of one larger element, the first one even when it is
// empty, and a table of pointers to them: 8 to begin with, and while it grows, the old one and the
// new one are less than five for each block.
template <class Element>
struct deque_blocks {
    static constexpr std::size_t elements =
        sizeof(Element) < 512 ? 512 / sizeof(Element) : std::size_t{1};
    static constexpr std::size_t first = 8 * sizeof(void*) + elements * sizeof(Element);
    static constexpr std::size_t each =
        sizeof(Element) + (5 * sizeof(void*) + elements - 1) / elements;
};

template <class T>
constexpr std::uint64_t sequence_charge(std::uint64_t n) {
    using element = typename T::value_type;
    if constexpr (shape::deque<T>) {
        return deque_blocks<element>::first + n * deque_blocks<element>::each;
    } else if constexpr (shape::node_sequence<T>) {
        return n * node_bytes<element>(2);
    } else if constexpr (shape::forward_list<T>) {
        return n * node_bytes<element>(1);
    } else if constexpr (shape::table_of_nodes<T>) {
        // A pointer to each node, and some to know the end by.
        return n * (node_bytes<element>(1) + sizeof(void*)) + (n == 0 ? 0 : 4 * sizeof(void*));
    } else if constexpr (shape::string<T>) {
        // Characters that do not fit the object itself are given at least twice as much room.
        constexpr std::uint64_t inside = 15 / sizeof(element);
        return (n <= inside ? n : n + inside + 1) * sizeof(element);
    } else {
        return n * sizeof(element);
    }
}

// Only the hashes of numbers and the like are so cheap that nodes do not keep them.
template <class Key>
inline constexpr std::size_t kept_hash_bytes =
    std::is_scalar_v<Key> && !std::is_same_v<Key, long double> ? 0 : sizeof(std::size_t);

template <class T>
constexpr std::uint64_t associative_charge(std::uint64_t n) {
    using element = typename T::value_type;
    if constexpr (shape::flat<T>) {
        return n * sizeof(element);
    } else if constexpr (shape::hashed<T>) {
        // The number of buckets is the next of a table of primes, at most an eighth above.
        const std::uint64_t buckets = n == 0 ? 0 : n + n / 8 + 5;
        return n * node_bytes<element>(1, kept_hash_bytes<typename T::key_type>) +
               buckets * sizeof(void*);
    } else {
        return n * node_bytes<element>(4);
    }
}

// A path keeps a list of its components, each of which is a path with a name of its own, unless it is a
// single name. The list grows by halves where there are many, and then there are two of them.
template <class Text, class Char = typename Text::value_type>
constexpr std::uint64_t path_charge(const Text& text, Char preferred_separator) {
    constexpr std::uint64_t few = 64;
    constexpr std::uint64_t component_bytes = sizeof(std::string) + 2 * sizeof(void*);
    constexpr std::size_t inside = 15 / sizeof(Char);
    const auto is_separator = [=](Char c) { return c == Char('/') || c == preferred_separator; };
    std::uint64_t components = 0;
    std::uint64_t outside = 0;
    for (std::size_t at = 0; at <= text.size();) {
        std::size_t end = at;
        while (end != text.size() && !is_separator(text[end])) ++end;
        ++components;
        if (end - at > inside) outside += end - at + 1;
        at = end + 1;
    }
    if (components == 1) return 0;
    const std::uint64_t list =
        components <= few ? components * component_bytes : components * component_bytes * 5 / 2;
    return sizeof(void*) + list + outside * sizeof(Char);
}

}  // namespace strait::detail

#endif
