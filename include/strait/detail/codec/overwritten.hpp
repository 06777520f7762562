//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_OVERWRITTEN_HPP
#define STRAIT_DETAIL_CODEC_OVERWRITTEN_HPP

#include <strait/detail/codec/encodable.hpp>

namespace strait::detail {

template <class T>
constexpr bool overwrites();

template <class... Ts>
constexpr bool overwrite_all(types<Ts...>) {
    return (overwrites<Ts>() && ...);
}

// Whether decoding into a T leaves nothing of what it was. Types that lie in themselves are left out, as
// are those whose decoding is the user's.
template <class T>
constexpr bool overwrites() {
    constexpr kind k = kind_of<T>();
    if constexpr (k == kind::boolean || k == kind::number || k == kind::enumeration)
        return true;
    else if constexpr (k == kind::sequence)
        return coder<T>::bulk();
    else if constexpr (k == kind::array || k == kind::tuple || k == kind::aggregate)
        return overwrite_all(typename coder<T>::parts{});
    else
        return false;
}

template <class T>
inline constexpr bool is_overwritten = !has_own_codec<T> && overwrites<T>();

}  // namespace strait::detail

#endif
