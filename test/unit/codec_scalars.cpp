//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_tools.hpp"

#include <array>
#include <limits>

using namespace codec_test;

namespace {

enum class colour : std::uint8_t { red, green = 200 };
enum plain { zero, one };
enum class wide : std::int64_t { low = std::numeric_limits<std::int64_t>::min() };
enum class flag : bool { off, on };

struct padded {
    std::uint8_t a;
    std::uint32_t b;
    bool operator==(const padded&) const = default;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_scalars)

BOOST_AUTO_TEST_CASE(numbers_are_fixed_width_and_little_endian) {
    BOOST_TEST(encoded(std::uint32_t{0x01020304}) == (bytes{4, 3, 2, 1}));
    BOOST_TEST(encoded(std::int16_t{-2}) == (bytes{0xfe, 0xff}));
    BOOST_TEST(encoded(char{'a'}) == (bytes{'a'}));
    BOOST_TEST(encoded(1.0) == (bytes{0, 0, 0, 0, 0, 0, 0xf0, 0x3f}));
    BOOST_TEST(encoded(std::uint64_t{1}).size() == 8u);
}

BOOST_AUTO_TEST_CASE(numbers_survive) {
    STRAIT_CHECK_ROUND_TRIP(std::numeric_limits<std::int64_t>::min());
    STRAIT_CHECK_ROUND_TRIP(std::numeric_limits<unsigned long>::max());
    STRAIT_CHECK_ROUND_TRIP(char16_t{0x1234});
    STRAIT_CHECK_ROUND_TRIP(char32_t{0x12345678});
    STRAIT_CHECK_ROUND_TRIP(wchar_t{0x1234});
    STRAIT_CHECK_ROUND_TRIP(std::byte{7});
    STRAIT_CHECK_ROUND_TRIP(1.5f);
    STRAIT_CHECK_ROUND_TRIP(-std::numeric_limits<double>::infinity());
    STRAIT_CHECK_ROUND_TRIP(0.1L);
#if defined(__SIZEOF_INT128__)
    STRAIT_CHECK_ROUND_TRIP(-(strait::detail::int128{1} << 100));
    STRAIT_CHECK_ROUND_TRIP(strait::detail::uint128{1} << 127);
#endif
}

BOOST_AUTO_TEST_CASE(the_padding_of_a_long_double_stays_here) {
    if (std::numeric_limits<long double>::digits == 64) BOOST_TEST(encoded(1.0L).size() == 10u);
}

BOOST_AUTO_TEST_CASE(the_padding_of_a_struct_stays_here) {
    BOOST_TEST(encoded(padded{1, 2}) == (bytes{1, 2, 0, 0, 0}));
    STRAIT_CHECK_ROUND_TRIP(padded{3, 4});
    STRAIT_CHECK_ROUND_TRIP(std::vector<padded>{{1, 2}, {3, 4}});
}

BOOST_AUTO_TEST_CASE(a_bool_is_zero_or_one) {
    BOOST_TEST(encoded(true) == (bytes{1}));
    BOOST_TEST(decoded<bool>({0}) == false);
    BOOST_TEST(decode_error<bool>({2}) == code(strait::error::bad_message));
    using three = std::array<bool, 3>;
    BOOST_TEST(decode_error<three>({0, 1, 255}) == code(strait::error::bad_message));
    BOOST_TEST(decode_error<flag>({2}) == code(strait::error::bad_message));
}

BOOST_AUTO_TEST_CASE(enums_go_as_their_underlying_type) {
    BOOST_TEST(encoded(colour::green) == (bytes{200}));
    BOOST_CHECK(round_trip(wide::low) == wide::low);
    BOOST_CHECK(round_trip(one) == one);
    BOOST_CHECK(round_trip(flag::on) == flag::on);
    STRAIT_CHECK_ROUND_TRIP(std::vector<colour>{colour::red, colour::green});
}

BOOST_AUTO_TEST_CASE(a_message_is_consumed_exactly) {
    BOOST_TEST(decode_error<std::uint32_t>({1, 2, 3}) == code(strait::error::bad_message));
    BOOST_TEST(decode_error<std::uint32_t>({1, 2, 3, 4, 5}) == code(strait::error::bad_message));
    BOOST_TEST(decode_error<std::uint32_t>({}) == code(strait::error::bad_message));
}

BOOST_AUTO_TEST_SUITE_END()
