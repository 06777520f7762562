//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_tools.hpp"

#include <boost/container/deque.hpp>
#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <boost/container/list.hpp>
#include <boost/container/slist.hpp>
#include <boost/container/stable_vector.hpp>
#include <boost/container/string.hpp>
#include <boost/container/vector.hpp>
#include <boost/serialization/boost_unordered_set.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

using namespace codec_test;

// What decoding allocates, counted, against what `limits::max_expansion` promises, for each kind of
// container, at the number of elements that is just not refused.

namespace {

std::size_t held = 0;
std::size_t most = 0;

template <class T>
struct counted {
    using value_type = T;

    counted() = default;
    template <class U>
    counted(const counted<U>&) noexcept {}

    T* allocate(std::size_t n) {
        held += n * sizeof(T);
        most = std::max(most, held);
        return std::allocator<T>().allocate(n);
    }

    void deallocate(T* at, std::size_t n) noexcept {
        held -= n * sizeof(T);
        std::allocator<T>().deallocate(at, n);
    }

    template <class U>
    bool operator==(const counted<U>&) const noexcept {
        return true;
    }
};

struct nothing {
    bool operator==(const nothing&) const = default;
};

// One byte on the wire and hardly more in memory.
struct wide_key {
    std::array<nothing, 40> room;
    char key = 0;
    auto operator<=>(const wide_key& other) const { return key <=> other.key; }
    bool operator==(const wide_key& other) const { return key == other.key; }
};

struct hash_of_wide_key {
    std::size_t operator()(const wide_key& k) const { return static_cast<unsigned char>(k.key); }
};

using string = std::basic_string<char, std::char_traits<char>, counted<char>>;

struct text_and_room {
    string text;
    std::array<nothing, 400> room;
};

struct alignas(64) aligned {
    char a = 0;
};

// A container that claims `n` elements, each of `element`.
bytes container_of(std::size_t n, const bytes& element) {
    bytes message = encoded(static_cast<std::uint32_t>(n));
    message.reserve(message.size() + n * element.size());
    for (std::size_t i = 0; i < n; ++i)
        message.insert(message.end(), element.begin(), element.end());
    return message;
}

// Whether a message decodes, within its bound. `beside`: what one value of T or of its elements
// allocates before it is read.
template <class T>
bool decodes(const bytes& message, std::size_t beside = 0) {
    most = 0;
    const bool good = !decode_error<T>(message);
    const auto bound = strait::detail::budget_of(message.size(), strait::limits());
    BOOST_TEST(held == 0u);
    BOOST_TEST(
        most <= bound + beside, strait::detail::type_name_of<T>()
                                    << " in " << message.size() << ": " << most << ", bound "
                                    << bound);
    return good;
}

template <class T>
bool fits(std::size_t n, const bytes& element, std::size_t beside = 0) {
    return decodes<T>(container_of(n, element), beside);
}

// At the largest number of elements that is accepted, up to some 100,000, and around it.
template <class T>
void check_memory(const bytes& element, std::size_t beside = 0) {
    std::size_t accepted = 0;
    std::size_t refused = 100000;
    while (refused - accepted > 1) {
        const std::size_t middle = (accepted + refused) / 2;
        (fits<T>(middle, element, beside) ? accepted : refused) = middle;
    }
    BOOST_TEST(accepted > 10u);
    for (std::size_t n : {9u, 65u, 1001u, 4096u}) fits<T>(n, element, beside);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_memory)

BOOST_AUTO_TEST_CASE(sequences_allocate_no_more_than_was_paid_for) {
    check_memory<std::vector<nothing, counted<nothing>>>({});
    check_memory<std::vector<string, counted<string>>>({0, 0, 0, 0});
    check_memory<std::list<char, counted<char>>>({7});
    check_memory<std::list<nothing, counted<nothing>>>({});
    check_memory<std::list<aligned, counted<aligned>>>({7});
    check_memory<std::forward_list<char, counted<char>>>({7});
    check_memory<std::forward_list<nothing, counted<nothing>>>({});
    check_memory<std::deque<nothing, counted<nothing>>>({});
    check_memory<std::deque<wide_key, counted<wide_key>>>({7});
    check_memory<std::deque<text_and_room, counted<text_and_room>>>({0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(sets_and_maps_allocate_no_more_than_was_paid_for) {
    using less = std::less<>;
    using pair = std::pair<const char, char>;
    check_memory<std::multiset<char, less, counted<char>>>({7});
    check_memory<std::multiset<wide_key, less, counted<wide_key>>>({7});
    check_memory<std::multimap<char, char, less, counted<pair>>>({7, 7});
    using hash = std::hash<char>;
    using equal = std::equal_to<>;
    check_memory<std::unordered_multiset<char, hash, equal, counted<char>>>({7});
    check_memory<std::unordered_multimap<char, char, hash, equal, counted<pair>>>({7, 7});
    check_memory<std::unordered_multiset<wide_key, hash_of_wide_key, equal, counted<wide_key>>>(
        {7});
}

BOOST_AUTO_TEST_CASE(an_empty_deque_of_large_elements_pays_for_the_first) {
    using small = std::deque<char, counted<char>>;
    check_memory<std::vector<small, counted<small>>>({0, 0, 0, 0}, 64 + 512);
    using large = std::array<char, 1 << 20>;
    using large_queue = std::deque<large, counted<large>>;
    const bool many_fit =
        fits<std::vector<large_queue, counted<large_queue>>>(100, {0, 0, 0, 0}, 64 + sizeof(large));
    BOOST_TEST(!many_fit);
}

BOOST_AUTO_TEST_CASE(strings_pay_for_their_growth) {
    bytes element(20, 'x');
    element[0] = 16;
    element[1] = element[2] = element[3] = 0;
    check_memory<std::vector<text_and_room, counted<text_and_room>>>(element);
    check_memory<std::list<text_and_room, counted<text_and_room>>>(element);
}

BOOST_AUTO_TEST_CASE(containers_of_boost_allocate_no_more_than_was_paid_for) {
    namespace bc = boost::container;
    check_memory<bc::vector<nothing, counted<nothing>>>({});
    check_memory<bc::stable_vector<char, counted<char>>>({7});
    check_memory<bc::list<char, counted<char>>>({7});
    check_memory<bc::slist<char, counted<char>>>({7});
    check_memory<bc::deque<nothing, counted<nothing>>>({});
    check_memory<bc::flat_multiset<char, std::less<>, counted<char>>>({7});
}

BOOST_AUTO_TEST_CASE(what_boosts_own_headers_claim_is_paid_for) {
    using set =
        boost::unordered_multiset<char, std::hash<char>, std::equal_to<>, counted<char>>;
    const bytes header = encoded(set());
    for (std::uint32_t n = 0; n < 2'000'000; n = n * 2 + 1) {
        // The second number is that of the buckets.
        bytes message(header);
        const bytes buckets = encoded(n);
        std::copy(buckets.begin(), buckets.end(), message.begin() + 5);
        BOOST_TEST(decodes<set>(message) == (n < 4096));
    }
}

BOOST_AUTO_TEST_SUITE_END()
