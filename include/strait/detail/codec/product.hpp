//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_PRODUCT_HPP
#define STRAIT_DETAIL_CODEC_PRODUCT_HPP

#include <strait/detail/codec/coder.hpp>

#include <boost/describe/bases.hpp>
#include <boost/describe/members.hpp>

// Values that are their members, one after the other and nothing between them.

namespace strait::detail {

template <class... Ts>
void save_members(output_archive& ar, const Ts&... members) {
    (coder<Ts>::save(ar, members), ...);
}

template <class... Ts>
void load_members(input_archive& ar, Ts&... members) {
    (coder<Ts>::load(ar, members), ...);
}

template <class T>
struct coder_for<T, kind::aggregate> {
    using parts = member_types<T>;
    static constexpr std::string_view tag = "struct";
    static constexpr std::size_t min_bytes() { return min_bytes_of_all(parts{}); }

    static void save(output_archive& ar, const T& v) {
        if constexpr (is_bitwise<T>()) {
            ar.save_binary(&v, sizeof v);
        } else {
            visit_members(v, [&ar](const auto&... m) { save_members(ar, m...); });
        }
    }

    static void load(input_archive& ar, T& v) {
        if constexpr (is_bitwise<T>()) {
            ar.load_binary(&v, sizeof v);
        } else {
            visit_members(v, [&ar](auto&... m) { load_members(ar, m...); });
        }
    }
};

template <class T, class Indices>
struct tuple_parts;

template <class T, std::size_t... I>
struct tuple_parts<T, std::index_sequence<I...>> {
    using type = types<std::remove_const_t<std::tuple_element_t<I, T>>...>;
};

// Boost's headers for maps read pairs with a const key, as a node holds them, and cast as well.
template <class T>
std::remove_const_t<T>& writable(T& v) {
    return const_cast<std::remove_const_t<T>&>(v);
}

template <class T>
struct coder_for<T, kind::tuple> {
    using indices = std::make_index_sequence<std::tuple_size_v<T>>;
    using parts = typename tuple_parts<T, indices>::type;
    static constexpr std::string_view tag = "struct";
    static constexpr std::size_t min_bytes() { return min_bytes_of_all(parts{}); }
    static void save(output_archive& ar, const T& v) { save_all(ar, v, indices{}); }
    static void load(input_archive& ar, T& v) { load_all(ar, v, indices{}); }

private:
    template <std::size_t... I>
    static void save_all(
        [[maybe_unused]] output_archive& ar, [[maybe_unused]] const T& v,
        std::index_sequence<I...>) {
        using std::get;
        save_members(ar, get<I>(v)...);
    }

    template <std::size_t... I>
    static void load_all(
        [[maybe_unused]] input_archive& ar, [[maybe_unused]] T& v, std::index_sequence<I...>) {
        using std::get;
        load_members(ar, writable(get<I>(v))...);
    }
};

// Described classes: the bases, then the members, each in the order of the description.

template <class P>
struct pointed_member;

template <class M, class C>
struct pointed_member<M C::*> {
    using type = M;
};

template <class Bases, class Members>
struct description;

template <template <class...> class L, class... Bs, template <class...> class M, class... Ms>
struct description<L<Bs...>, M<Ms...>> {
    using parts =
        types<typename Bs::type...,
              typename pointed_member<std::remove_cv_t<decltype(Ms::pointer)>>::type...>;

    // The casts reach private bases, which no named cast does.
    template <class T>
    static void save([[maybe_unused]] output_archive& ar, [[maybe_unused]] const T& v) {
        save_members(ar, (const typename Bs::type&)v..., v.*Ms::pointer...);
    }

    template <class T>
    static void load([[maybe_unused]] input_archive& ar, [[maybe_unused]] T& v) {
        load_members(ar, (typename Bs::type&)v..., v.*Ms::pointer...);
    }
};

template <class T>
using description_of = description<
    boost::describe::describe_bases<T, boost::describe::mod_any_access>,
    boost::describe::describe_members<T, boost::describe::mod_any_access>>;

template <class T>
struct coder_for<T, kind::described> {
    using parts = typename description_of<T>::parts;
    static constexpr std::string_view tag = "struct";
    static constexpr std::size_t min_bytes() { return min_bytes_of_all(parts{}); }
    static void save(output_archive& ar, const T& v) { description_of<T>::save(ar, v); }
    static void load(input_archive& ar, T& v) { description_of<T>::load(ar, v); }
};

}  // namespace strait::detail

#endif
