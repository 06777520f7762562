//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_CODEC_ASSOCIATIVE_HPP
#define STRAIT_DETAIL_CODEC_ASSOCIATIVE_HPP

#include <strait/detail/codec/charges.hpp>
#include <strait/detail/codec/element.hpp>

#include <iterator>
#include <tuple>
#include <utility>

namespace strait::detail {

template <class T>
constexpr std::string_view associative_tag(std::string_view unique, std::string_view multiple) {
    return shape::unique_keys<T> ? unique : multiple;
}

// The same key twice is no set of anything.
template <class T>
void check_distinct(const T& v, std::size_t n) {
    if constexpr (shape::unique_keys<T>) {
        if (v.size() != n) [[unlikely]] throw_bad_message();
    }
}

// An element put before others of a sorted vector moves all of them: in the wrong order a message
// would take quadratic time. A sender's elements are sorted.
template <class T>
void check_order([[maybe_unused]] const T& v, [[maybe_unused]] typename T::const_iterator added) {
    if constexpr (shape::flat<T>) {
        if (std::next(added) != v.end()) [[unlikely]] throw_bad_message();
    }
}

template <class T>
const typename T::key_type& key_of(const typename T::value_type& element) noexcept {
    if constexpr (shape::map<T>)
        return element.first;
    else
        return element;
}

// Keys that a peer chose for their hash would make a message take quadratic time: more of them than this
// in one bucket are refused. Good hashes put some twelve there of many millions.
inline constexpr std::size_t max_bucket_keys = 256;

template <class T>
concept has_buckets = shape::hashed<T> && requires(const T& v, const typename T::key_type& k) {
    v.bucket_size(v.bucket(k));
    v.begin(v.bucket(k));
};

template <class T>
class bucket_check {
public:
    explicit bucket_check(const T& v) noexcept : v_(v), last_(v.end()) {}

    // Where the next element belongs, if its key is that of the one before.
    typename T::const_iterator hint() const noexcept {
        if constexpr (has_buckets<T>)
            return last_;
        else
            return v_.end();
    }

    void added(typename T::const_iterator at) {
        if constexpr (has_buckets<T>) {
            const bool is_same = !shape::unique_keys<T> && last_ != v_.end() &&
                                 v_.key_eq()(key_of<T>(*at), key_of<T>(*last_));
            last_ = at;
            if (v_.size() > max_bucket_keys && !is_same) check(key_of<T>(*at));
        }
    }

private:
    void check(const typename T::key_type& key) const {
        const auto bucket = v_.bucket(key);
        std::size_t keys = 0;
        if constexpr (shape::unique_keys<T>) {
            keys = v_.bucket_size(bucket);
        } else {
            // Those that are equal come one behind the other, from a sender.
            const auto [first, behind] = v_.equal_range(key);
            if (std::next(first) != behind) [[unlikely]] throw_bad_message();
            const typename T::key_type* previous = nullptr;
            for (auto at = v_.begin(bucket); at != v_.end(bucket); ++at) {
                const typename T::key_type& one = key_of<T>(*at);
                if (previous == nullptr || !v_.key_eq()(one, *previous)) ++keys;
                previous = &one;
            }
        }
        if (keys > max_bucket_keys) [[unlikely]] throw_bad_message();
    }

    const T& v_;
    typename T::const_iterator last_;
};

template <class T>
std::size_t begin_associative(input_archive& ar, T& v, std::size_t min_element) {
    const std::size_t n = ar.get_length(min_element);
    ar.charge(associative_charge<T>(n));
    v.clear();
    // Buckets are part of the charge; growing them by doubling would allocate more.
    if constexpr (requires { v.reserve(n); }) v.reserve(n);
    return n;
}

template <class T>
struct coder_for<T, kind::set> {
    using element = typename T::key_type;
    using parts = types<element>;
    static constexpr std::string_view tag = associative_tag<T>("set", "multiset");
    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) {
        ar.put_length(v.size());
        ar.charge(associative_charge<T>(v.size()));
        const nesting inner(ar);
        for (const element& e : v) save_element(ar, e);
    }

    static void load(input_archive& ar, T& v) {
        const std::size_t n = begin_associative(ar, v, min_bytes_of<element>());
        const nesting inner(ar);
        bucket_check<T> check(v);
        for (std::size_t i = 0; i < n; ++i) {
            const auto at = v.emplace_hint(check.hint(), load_element<element>(ar));
            check_order(v, at);
            check.added(at);
        }
        check_distinct(v, n);
    }
};

template <class T>
struct coder_for<T, kind::map> {
    using key = typename T::key_type;
    using mapped = typename T::mapped_type;
    using parts = types<key, mapped>;
    static constexpr std::string_view tag = associative_tag<T>("map", "multimap");
    static constexpr std::size_t min_bytes() { return 4; }

    static void save(output_archive& ar, const T& v) {
        ar.put_length(v.size());
        ar.charge(associative_charge<T>(v.size()));
        const nesting inner(ar);
        for (const auto& [k, m] : v) {
            save_element<key>(ar, k);
            save_element<mapped>(ar, m);
        }
    }

    static void load(input_archive& ar, T& v) {
        constexpr std::size_t min_element = min_bytes_of<key>() + min_bytes_of<mapped>();
        const std::size_t n = begin_associative(ar, v, min_element);
        const nesting inner(ar);
        bucket_check<T> check(v);
        for (std::size_t i = 0; i < n; ++i) {
            key k = load_element<key>(ar);
            if constexpr (made_in_place<mapped> && !shape::flat<T>) {
                // Not on the stack, where large values that nest would not have room.
                const auto at = v.emplace_hint(
                    check.hint(), std::piecewise_construct, std::forward_as_tuple(std::move(k)),
                    std::tuple<>());
                check_distinct(v, i + 1);
                check.added(at);
                coder<mapped>::load(ar, at->second);
            } else {
                const auto at =
                    v.emplace_hint(check.hint(), std::move(k), load_element<mapped>(ar));
                check_order(v, at);
                check.added(at);
            }
        }
        check_distinct(v, n);
    }
};

}  // namespace strait::detail

#endif
