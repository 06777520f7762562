//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_tools.hpp"

#include <strait/error.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <future>
#include <list>
#include <map>
#include <memory_resource>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>

using namespace codec_test;
using std::string;
using std::vector;

BOOST_AUTO_TEST_SUITE(codec_library_types)

BOOST_AUTO_TEST_CASE(a_length_is_four_bytes) {
    BOOST_TEST(encoded(string("ab")) == (bytes{2, 0, 0, 0, 'a', 'b'}));
    BOOST_TEST(encoded(vector<std::uint16_t>{1, 2}) == (bytes{2, 0, 0, 0, 1, 0, 2, 0}));
    BOOST_TEST(encoded(std::map<char, bool>{{'k', true}}) == (bytes{1, 0, 0, 0, 'k', 1}));
}

BOOST_AUTO_TEST_CASE(strings) {
    STRAIT_CHECK_ROUND_TRIP(string());
    STRAIT_CHECK_ROUND_TRIP(string(1000, 'x'));
    STRAIT_CHECK_ROUND_TRIP(std::wstring(L"wide"));
    STRAIT_CHECK_ROUND_TRIP(std::u8string(u8"eight"));
    STRAIT_CHECK_ROUND_TRIP(std::u16string(u"sixteen"));
    STRAIT_CHECK_ROUND_TRIP(std::u32string(U"thirty-two"));
    STRAIT_CHECK_ROUND_TRIP(std::pmr::string("pmr"));
}

BOOST_AUTO_TEST_CASE(sequences) {
    STRAIT_CHECK_ROUND_TRIP(vector<double>{1, 2.5, -3});
    vector<std::uint32_t> large(10000);
    for (std::uint32_t i = 0; i < large.size(); ++i) large[i] = i;
    STRAIT_CHECK_ROUND_TRIP(large);
    STRAIT_CHECK_ROUND_TRIP(vector<string>{"a", "", "ccc"});
    STRAIT_CHECK_ROUND_TRIP(vector<vector<int>>{{1}, {}, {2, 3}});
    STRAIT_CHECK_ROUND_TRIP(std::deque<int>{1, 2, 3});
    STRAIT_CHECK_ROUND_TRIP(std::list<string>{"a", "b"});
    STRAIT_CHECK_ROUND_TRIP(std::forward_list<int>{1, 2, 3});
    STRAIT_CHECK_ROUND_TRIP(std::array<string, 2>{"a", "b"});
    STRAIT_CHECK_ROUND_TRIP(std::array<int, 3>{1, 2, 3});
    STRAIT_CHECK_ROUND_TRIP(std::array<int, 0>{});
}

BOOST_AUTO_TEST_CASE(a_deque_of_empty_deques_costs_what_it_allocates) {
    const vector<std::deque<int>> small(50);
    STRAIT_CHECK_ROUND_TRIP(small);
    // Refused where it is encoded, as it would be where it is decoded.
    const vector<std::deque<int>> many(100000);
    BOOST_TEST(code_of([&] { encoded(many); }) == code(strait::error::bad_message));
}

BOOST_AUTO_TEST_CASE(bools_are_packed) {
    STRAIT_CHECK_ROUND_TRIP(vector<bool>{});
    STRAIT_CHECK_ROUND_TRIP(vector<bool>{true, false, true, true, false, false, true, true, true});
    BOOST_TEST(encoded(vector<bool>{true, false, true}) == (bytes{3, 0, 0, 0, 5}));
    BOOST_TEST(decode_error<vector<bool>>({3, 0, 0, 0, 8}) == code(strait::error::bad_message));
    BOOST_TEST(decode_error<vector<bool>>({255, 255, 255, 255, 8}) == code(strait::error::bad_message));
    STRAIT_CHECK_ROUND_TRIP(std::bitset<12>(0xabc));
    BOOST_TEST(decode_error<std::bitset<12>>({0, 0x10}) == code(strait::error::bad_message));
}

BOOST_AUTO_TEST_CASE(sets_and_maps) {
    STRAIT_CHECK_ROUND_TRIP(std::set<int>{3, 1, 2});
    STRAIT_CHECK_ROUND_TRIP(std::multiset<int>{1, 1, 2});
    STRAIT_CHECK_ROUND_TRIP(std::unordered_set<string>{"a", "b"});
    STRAIT_CHECK_ROUND_TRIP(std::unordered_multiset<int>{1, 1});
    STRAIT_CHECK_ROUND_TRIP(std::map<string, vector<int>>{{"a", {1}}, {"b", {}}});
    STRAIT_CHECK_ROUND_TRIP(std::multimap<int, int>{{1, 2}, {1, 3}});
    STRAIT_CHECK_ROUND_TRIP(std::unordered_map<int, string>{{1, "a"}, {2, "b"}});
    STRAIT_CHECK_ROUND_TRIP(std::unordered_multimap<int, int>{{1, 2}, {1, 3}});
    STRAIT_CHECK_ROUND_TRIP(std::map<int, bool, std::greater<>>{{1, true}, {2, false}});
}

BOOST_AUTO_TEST_CASE(stacks_and_queues) {
    std::stack<string> s;
    s.push("below");
    s.push("top");
    STRAIT_CHECK_ROUND_TRIP(s);
    std::queue<int, std::list<int>> q;
    q.push(1);
    q.push(2);
    STRAIT_CHECK_ROUND_TRIP(q);
    BOOST_TEST(encoded(q) == (bytes{2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}));
    std::priority_queue<char, vector<char>, std::greater<>> p;
    for (const char c : {'3', '1', '2'}) p.push(c);
    auto r = round_trip(p);
    for (const char c : {'1', '2', '3'}) {
        BOOST_TEST(r.top() == c);
        r.pop();
    }
    BOOST_TEST(r.empty());
}

BOOST_AUTO_TEST_CASE(a_priority_queue_is_in_order_whatever_was_sent) {
    auto p = decoded<std::priority_queue<char>>({3, 0, 0, 0, '1', '2', '3'});
    for (const char c : {'3', '2', '1'}) {
        BOOST_TEST(p.top() == c);
        p.pop();
    }
}

BOOST_AUTO_TEST_CASE(a_key_that_occurs_twice_is_refused) {
    const bytes twice{2, 0, 0, 0, 7, 7};
    BOOST_TEST(decode_error<std::set<char>>(twice) == code(strait::error::bad_message));
    BOOST_TEST(decode_error<std::unordered_set<char>>(twice) == code(strait::error::bad_message));
    BOOST_TEST(decoded<std::multiset<char>>(twice).size() == 2u);
}

BOOST_AUTO_TEST_CASE(something_or_nothing) {
    STRAIT_CHECK_ROUND_TRIP(std::optional<int>());
    STRAIT_CHECK_ROUND_TRIP(std::optional<string>("x"));
    STRAIT_CHECK_ROUND_TRIP(std::optional<std::optional<int>>(std::optional<int>()));
    BOOST_TEST(decode_error<std::optional<int>>({2, 0, 0, 0, 0}) == code(strait::error::bad_message));
    BOOST_TEST(*round_trip(std::make_unique<int>(5)) == 5);
    BOOST_CHECK(round_trip(std::unique_ptr<string>()) == nullptr);
    vector<std::unique_ptr<int>> v;
    v.push_back(std::make_unique<int>(1));
    v.push_back(nullptr);
    const auto w = round_trip(v);
    BOOST_TEST(w.size() == 2u);
    BOOST_TEST(*w[0] == 1);
    BOOST_CHECK(w[1] == nullptr);
}

BOOST_AUTO_TEST_CASE(variants) {
    using v = std::variant<std::monostate, int, string>;
    STRAIT_CHECK_ROUND_TRIP(v());
    STRAIT_CHECK_ROUND_TRIP(v(1));
    STRAIT_CHECK_ROUND_TRIP(v("text"));
    BOOST_TEST(encoded(v(1)) == (bytes{1, 1, 0, 0, 0}));
    BOOST_TEST(decode_error<v>({3}) == code(strait::error::bad_message));
}

BOOST_AUTO_TEST_CASE(tuples) {
    STRAIT_CHECK_ROUND_TRIP(std::tuple<int, string, vector<bool>>(1, "a", {true}));
    STRAIT_CHECK_ROUND_TRIP(std::tuple<>());
    STRAIT_CHECK_ROUND_TRIP(std::pair<string, int>("a", 1));
}

BOOST_AUTO_TEST_CASE(times_numbers_and_paths) {
    using namespace std::chrono;
    STRAIT_CHECK_ROUND_TRIP(milliseconds(5));
    STRAIT_CHECK_ROUND_TRIP(duration<double>(0.5));
    STRAIT_CHECK_ROUND_TRIP(system_clock::time_point(seconds(7)));
    STRAIT_CHECK_ROUND_TRIP(steady_clock::time_point(seconds(7)));
    STRAIT_CHECK_ROUND_TRIP(std::complex<float>(1, 2));
    STRAIT_CHECK_ROUND_TRIP(std::filesystem::path("/usr/lib"));
}

BOOST_AUTO_TEST_CASE(error_codes_of_known_categories) {
    namespace asio = boost::asio;
    STRAIT_CHECK_ROUND_TRIP(strait::error_code());
    STRAIT_CHECK_ROUND_TRIP(strait::error_code(strait::error::bad_message));
    STRAIT_CHECK_ROUND_TRIP(strait::error_code(asio::error::eof));
    STRAIT_CHECK_ROUND_TRIP(strait::error_code(asio::error::broken_pipe));
    STRAIT_CHECK_ROUND_TRIP(strait::error_code(asio::error::host_not_found));
    STRAIT_CHECK_ROUND_TRIP(std::error_code());
    STRAIT_CHECK_ROUND_TRIP(std::make_error_code(std::errc::broken_pipe));
    STRAIT_CHECK_ROUND_TRIP(std::make_error_code(std::future_errc::no_state));
    STRAIT_CHECK_ROUND_TRIP(std::error_code(5, std::system_category()));
}

BOOST_AUTO_TEST_CASE(an_error_code_of_an_unknown_category_keeps_its_value) {
    const bytes message{9, 0, 0, 0, 3, 'f', 'o', 'o'};
    const auto ec = decoded<strait::error_code>(message);
    BOOST_TEST(ec.value() == 9);
    BOOST_TEST(ec.failed());
    BOOST_TEST(ec.category().name() == string("strait.foreign"));
    BOOST_CHECK(round_trip(ec) == ec);
    BOOST_TEST(decoded<std::error_code>(message).value() == 9);
}

BOOST_AUTO_TEST_SUITE_END()
