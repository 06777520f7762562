//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_SHAPES_HPP
#define STRAIT_DETAIL_CODEC_SHAPES_HPP

#include <strait/detail/codec/type_name.hpp>

#include <concepts>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

// The standard library's types, told by their shape: see is_library_type.

namespace strait::detail::shape {

template <class T>
concept library = std::is_class_v<T> && is_library_type<T>;

template <class T>
concept container = library<T> && requires(T& c) {
    typename T::value_type;
    c.begin();
    c.end();
    c.clear();
};

// vector, deque, list, strings, and Boost.Container's.
template <class T>
concept sequence = container<T> && requires(T& c, typename T::value_type (*make)()) {
    c.size();
    c.push_back(make());
};

template <class T>
concept contiguous = sequence<T> && requires(T& c) {
    { c.data() } -> std::same_as<typename T::value_type*>;
    c.resize(c.size());
    c.reserve(c.size());
};

template <class T>
concept string = contiguous<T> && requires(const T& s) { s.c_str(); };

// boost::container::stable_vector.
template <class T>
concept table_of_nodes = sequence<T> && !contiguous<T> && requires(T& c) {
    c[0];
    c.reserve(c.size());
};

template <class T>
concept vector_of_bool = sequence<T> && std::same_as<typename T::value_type, bool> &&
                         requires(T& c) { c.flip(); };

// A deque allocates even when it is empty.
template <class T>
concept deque = sequence<T> && requires(T& c) {
    c.push_front(c.front());
    c[0];
};

template <class T>
concept node_sequence = sequence<T> && requires(T& c) { c.splice(c.begin(), c); };

template <class T>
concept forward_list = container<T> && requires(T& c) { c.before_begin(); };

// A stack or queue: what it is made of is a protected member, `c`.
template <class T>
concept adaptor = library<T> && requires(T& a) {
    typename T::container_type;
    a.empty();
    a.size();
    a.pop();
};

template <class T>
concept associative = container<T> && requires(T& c) {
    typename T::key_type;
    c.size();
    c.erase(c.begin());
};

template <class T>
concept map = associative<T> && requires { typename T::mapped_type; };

// Those that hold a key once say on insertion whether they did.
template <class T>
concept unique_keys = associative<T> && requires(T& c, const typename T::value_type& v) {
    { c.insert(v).second } -> std::convertible_to<bool>;
};

template <class T>
concept hashed = associative<T> && requires { typename T::hasher; };

// Sorted vectors: boost::container::flat_map and its kin.
template <class T>
concept flat = associative<T> && requires(T& c) { c.capacity(); };

template <class T>
concept optional = library<T> && requires(T& o) {
    typename T::value_type;
    { o.has_value() } -> std::same_as<bool>;
    o.reset();
    *o;
};

template <class T>
concept variant = library<T> && requires(const T& v) {
    { v.index() } -> std::same_as<std::size_t>;
    v.valueless_by_exception();
};

template <class T>
concept unique_ptr = library<T> && requires(T& p) {
    typename T::element_type;
    typename T::deleter_type;
    p.release();
};

template <class T>
concept shared_pointer = std::is_class_v<T> && requires(const T& p) {
    typename T::element_type;
    p.use_count();
};

template <class T>
concept tuple = library<T> && requires { std::tuple_size<T>::value; };

template <class T>
concept array = tuple<T> && requires(T& a) {
    a.data();
    a.fill(a[0]);
};

template <class T>
concept bits = library<T> && requires(T& b) {
    b.to_ullong();
    b.flip();
};

template <class T>
concept complex = library<T> && requires(const T& c) {
    typename T::value_type;
    c.real();
    c.imag();
};

template <class T>
concept duration = library<T> && requires(const T& d) {
    typename T::rep;
    typename T::period;
    d.count();
};

template <class T>
concept time_point = library<T> && requires(const T& t) {
    typename T::clock;
    typename T::duration;
    t.time_since_epoch();
};

template <class T>
concept path = library<T> && requires(const T& p) {
    typename T::string_type;
    p.native();
    p.lexically_normal();
};

template <class T>
concept view = library<T> && (requires(T& v) { v.remove_prefix(0); } ||
                              requires(T& v) { v.subspan(0); });

template <class T>
concept function = library<T> && requires(const T& f) { f.target_type(); typename T::result_type; };

template <class T>
concept reference_wrapper = library<T> && requires(const T& r) {
    typename T::type;
    { r.get() } -> std::same_as<typename T::type&>;
};

}  // namespace strait::detail::shape

#endif
