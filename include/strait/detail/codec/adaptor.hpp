//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_ADAPTOR_HPP
#define STRAIT_DETAIL_CODEC_ADAPTOR_HPP

#include <strait/detail/codec/sequence.hpp>

#include <algorithm>

// Stacks and queues are coded as the containers that they adapt.

namespace strait::detail {

// The standard names the protected members for those who derive.
template <class T>
struct adapted : T {
    static typename T::container_type& container(T& v) { return v.*(&adapted::c); }

    static const typename T::container_type& container(const T& v) { return v.*(&adapted::c); }

    // A heap is promised to a priority queue, and not by the peer.
    static void restore_order(T& v) {
        if constexpr (requires { &adapted::comp; }) {
            auto& c = container(v);
            std::make_heap(c.begin(), c.end(), v.*(&adapted::comp));
        }
    }
};

template <class T>
struct coder_for<T, kind::adaptor> {
    using container = typename T::container_type;
    using parts = types<container>;
    static constexpr std::string_view tag = "adaptor";
    static constexpr std::size_t min_bytes() { return min_bytes_of<container>(); }

    static void save(output_archive& ar, const T& v) {
        coder<container>::save(ar, adapted<T>::container(v));
    }

    static void load(input_archive& ar, T& v) {
        coder<container>::load(ar, adapted<T>::container(v));
        adapted<T>::restore_order(v);
    }
};

}  // namespace strait::detail

#endif
