//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_AGGREGATE_HPP
#define STRAIT_DETAIL_CODEC_AGGREGATE_HPP

#include <strait/detail/codec/member_table.hpp>

#include <type_traits>
#include <utility>

namespace strait::detail {

template <class...>
struct types {};

// Converts to bases of T only.
template <class T>
struct any_base_of {
    template <class U>
        requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
    operator U() const;
};

// A first member that anything converts to takes this as well.
struct unrelated {};

template <class T>
concept has_base = requires { T{any_base_of<T>{}}; } && !requires { T{unrelated{}}; };

// The largest N for which takes<T, N> holds, known to be in [Low, High).
template <class T, std::size_t Low, std::size_t High>
constexpr std::size_t search_count() {
    if constexpr (High - Low == 1) {
        return Low;
    } else if constexpr (constexpr std::size_t middle = (Low + High) / 2; takes<T, middle>) {
        return search_count<T, middle, High>();
    } else {
        return search_count<T, Low, middle>();
    }
}

// How many members the aggregate T has; max_members + 1 stands for more.
template <class T>
constexpr std::size_t member_count() {
    if constexpr (!takes<T, 4>) {
        return search_count<T, 0, 4>();
    } else if constexpr (!takes<T, 12>) {
        return search_count<T, 4, 12>();
    } else if constexpr (!takes<T, max_members + 1>) {
        return search_count<T, 12, max_members + 1>();
    } else {
        return max_members + 1;
    }
}

// Calls f with the members of t, in order.
template <class T, class F>
constexpr decltype(auto) visit_members(T& t, F&& f) {
    return visit(count<member_count<std::remove_const_t<T>>()>{}, t, f);
}

struct list_types {
    template <class... Ts>
    constexpr types<Ts...> operator()(Ts&...) const {
        return {};
    }
};

template <class T>
using member_types = decltype(visit_members(std::declval<T&>(), list_types{}));

}  // namespace strait::detail

#endif
