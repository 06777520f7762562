//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include <strait/channel.hpp>
#include <strait/shared_memory.hpp>

#include "codec_attachment_doubles.hpp"
#include "shm/region.hpp"
#include "support/leak_check.hpp"
#include "unit/descriptors.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace strait::test;
using namespace std::string_view_literals;

namespace asio = boost::asio;

namespace {

using strait::error_code;
using strait::private_memory;
using strait::shared_memory_builder;
using memory = strait::shared_memory;

constexpr std::size_t mib = 1u << 20;

std::string_view text_of(const memory& m) {
    return {reinterpret_cast<const char*>(m.data()), m.size_bytes()};
}

// The system's view of a region.
std::shared_ptr<const strait::detail::region> region_of(const memory& m) {
    strait::detail::byte_buffer bytes;
    codec_test::attachments_out out;
    strait::output_archive ar(bytes, &out);
    strait::encode(m, ar);
    BOOST_REQUIRE_EQUAL(out.regions.size(), 1u);
    return out.regions[0];
}

int descriptor_of(const memory& m) { return region_of(m)->memory().native_handle(); }

// A limit of this process, lowered for a while.
class lowered_limit {
public:
    lowered_limit(decltype(RLIMIT_NOFILE) which, rlim_t value) : which_(which) {
        ::getrlimit(which_, &before_);
        rlimit now = before_;
        now.rlim_cur = value;
        BOOST_REQUIRE_EQUAL(::setrlimit(which_, &now), 0);
    }
    ~lowered_limit() { ::setrlimit(which_, &before_); }
    lowered_limit(const lowered_limit&) = delete;
    lowered_limit& operator=(const lowered_limit&) = delete;

private:
    decltype(RLIMIT_NOFILE) which_;
    rlimit before_{};
};

std::uint64_t available_gib() {
    std::ifstream file("/proc/meminfo");
    for (std::string word; file >> word;) {
        std::uint64_t kib = 0;
        if (word == "MemAvailable:" && file >> kib) return kib >> 20;
    }
    return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(shared_memory, clean_fixture)

static_assert(std::is_nothrow_move_constructible_v<memory>);
static_assert(std::is_nothrow_move_assignable_v<memory>);
static_assert(std::is_nothrow_copy_constructible_v<memory>);
static_assert(std::is_nothrow_move_constructible_v<shared_memory_builder>);
static_assert(!std::is_copy_constructible_v<shared_memory_builder>);
static_assert(std::is_nothrow_move_assignable_v<private_memory>);
static_assert(!std::is_copy_constructible_v<private_memory>);
// Nobody gets at the bytes of a region to write them.
static_assert(std::is_same_v<decltype(std::declval<memory&>().data()), const std::byte*>);
static_assert(!strait::shareable<std::string> && !strait::shareable<int*>);

BOOST_AUTO_TEST_CASE(zero_bytes_need_nothing_of_the_system) {
    const resources before = resources::held();
    const memory by_default;
    const memory copied = memory::copy_of(""sv);
    const memory filled = memory::filled(0, std::byte{1});
    const memory built = shared_memory_builder(0).freeze();
    const memory sliced = memory::copy_of("abc"sv).slice(1, 0);
    for (const memory* m : {&by_default, &copied, &filled, &built, &sliced}) {
        BOOST_TEST(m->empty());
        BOOST_TEST(m->size_bytes() == 0u);
        BOOST_TEST(m->as<double>().empty());
        BOOST_TEST((*m == by_default));
    }
    BOOST_TEST(difference(before, resources::held()) == "");
}

BOOST_AUTO_TEST_CASE(a_copy_of_bytes_has_these_bytes) {
    const std::string text = "not a multiple of anything";
    const memory m = memory::copy_of(text);
    BOOST_TEST(text_of(m) == text);
    const std::vector<double> numbers{1.5, -2, 3};
    const memory of_numbers = memory::copy_of(numbers);
    BOOST_TEST(of_numbers.size_bytes() == 24u);
    BOOST_TEST(of_numbers.as<double>() == numbers, boost::test_tools::per_element());
    const std::vector<std::byte> bytes(5, std::byte{7});
    BOOST_TEST((memory::copy_of(bytes) == memory::filled(5, std::byte{7})));
}

BOOST_AUTO_TEST_CASE(memory_is_filled_with_a_byte) {
    const memory m = memory::filled(100'000, std::byte{'x'});
    BOOST_TEST(text_of(m) == std::string(100'000, 'x'));
    BOOST_TEST(text_of(memory::filled(5000, std::byte{})) == std::string(5000, '\0'));
}

BOOST_AUTO_TEST_CASE(memory_is_built_in_place_and_frozen) {
    shared_memory_builder builder(4096 * 3);
    BOOST_TEST(builder.size_bytes() == 4096u * 3);
    const std::span<std::uint32_t> numbers = builder.as<std::uint32_t>();
    BOOST_TEST(numbers[17] == 0u);
    for (std::uint32_t i = 0; i != numbers.size(); ++i) numbers[i] = i * i;
    const memory m = std::move(builder).freeze();
    BOOST_TEST(builder.empty());
    const auto seen = m.as<std::uint32_t>();
    BOOST_TEST_REQUIRE(seen.size() == 3072u);
    for (std::uint32_t i = 0; i != seen.size(); ++i) BOOST_REQUIRE_EQUAL(seen[i], i * i);
}

BOOST_AUTO_TEST_CASE(a_builder_that_is_dropped_or_moved_leaves_nothing) {
    shared_memory_builder first(100);
    shared_memory_builder second = std::move(first);
    BOOST_TEST(first.empty());
    second = shared_memory_builder(200);
    BOOST_TEST(second.size_bytes() == 200u);
    BOOST_TEST(std::move(first).freeze().empty());
}

BOOST_AUTO_TEST_CASE(objects_are_seen_only_where_they_can_lie) {
    struct pair {
        std::uint32_t a, b;
    };
    const memory m = memory::filled(16, std::byte{1});
    error_code ec;
    BOOST_TEST(m.as<pair>(ec).size() == 2u);
    BOOST_TEST(!ec);
    BOOST_TEST((m.as<std::array<char, 5>>(ec).empty()));  // 16 is no multiple of 5
    BOOST_TEST(ec == asio::error::invalid_argument);
    BOOST_TEST(m.slice(2, 8).as<pair>(ec).empty());  // not aligned
    BOOST_TEST(ec == asio::error::invalid_argument);
    BOOST_TEST(m.slice(2, 8).as<char>().size() == 8u);
    BOOST_CHECK_THROW(m.slice(2, 8).as<pair>(), strait::system_error);
    const shared_memory_builder builder(7);
    BOOST_TEST(builder.as<std::uint32_t>(ec).empty());
    BOOST_TEST(ec == asio::error::invalid_argument);
    BOOST_CHECK_THROW(builder.as<std::uint32_t>(), strait::system_error);
}

// ipc-channel: shared_memory_clone.
BOOST_AUTO_TEST_CASE(copies_share_a_region_and_outlive_each_other) {
    std::optional<memory> first = memory::copy_of("shared"sv);
    const resources one = resources::held();
    const memory second = *first;
    BOOST_TEST(difference(one, resources::held()) == "");
    BOOST_TEST(second.data() == first->data());
    first.reset();
    BOOST_TEST(text_of(second) == "shared");
}

BOOST_AUTO_TEST_CASE(a_moved_from_memory_has_zero_bytes) {
    memory first = memory::copy_of("moved"sv);
    const memory second = std::move(first);
    BOOST_TEST(first.empty());
    BOOST_TEST(first.data() == nullptr);
    BOOST_TEST(text_of(second) == "moved");
    first = second;
    BOOST_TEST(text_of(first) == "moved");
}

// ipc-channel: shared_memory_slice.
BOOST_AUTO_TEST_CASE(a_slice_is_a_part_and_keeps_the_region) {
    memory slice;
    {
        const memory m = memory::copy_of("0123456789"sv);
        slice = m.slice(3, 4);
        BOOST_TEST(slice.data() == m.data() + 3);
    }
    BOOST_TEST(text_of(slice) == "3456");
    BOOST_TEST(text_of(slice.slice(1, 2)) == "45");
    BOOST_TEST(slice.slice(4, 0).empty());
    error_code ec;
    BOOST_TEST(slice.slice(2, 3, ec).empty());  // inside of the region, but not of the slice
    BOOST_TEST(ec == asio::error::invalid_argument);
    BOOST_TEST(slice.slice(5, 0, ec).empty());
    BOOST_TEST(ec == asio::error::invalid_argument);
    BOOST_TEST(slice.slice(SIZE_MAX, SIZE_MAX, ec).empty());
    BOOST_TEST(ec == asio::error::invalid_argument);
    BOOST_CHECK_THROW(slice.slice(0, 5), strait::system_error);
}

// ipc-channel: shared_memory_object_equality, which compares handles on some systems.
BOOST_AUTO_TEST_CASE(memory_is_equal_by_its_bytes) {
    const memory a = memory::copy_of("same bytes"sv);
    const memory b = memory::copy_of("xsame bytes"sv);
    BOOST_TEST((a == memory(a)));
    BOOST_TEST((a == memory::copy_of("same bytes"sv)));
    BOOST_TEST((a != b));
    BOOST_TEST((a == b.slice(1, 10)));
    BOOST_TEST((a != memory::copy_of("same bytez"sv)));
    BOOST_TEST((a != memory()));
}

// ipc-channel: shared_memory_take.
BOOST_AUTO_TEST_CASE(take_gives_bytes_of_ones_own) {
    memory m = memory::filled(mib, std::byte{9});
    const memory other = m;
    private_memory mine = std::move(m).take();
    BOOST_TEST(m.empty());
    BOOST_TEST_REQUIRE(mine.size_bytes() == mib);
    const auto is_nine = [](std::byte b) { return b == std::byte{9}; };
    BOOST_TEST(std::ranges::all_of(mine.bytes(), is_nine));
    std::memset(mine.data(), 1, mib);
    BOOST_TEST((other == memory::filled(mib, std::byte{9})));
    const private_memory moved = std::move(mine);
    BOOST_TEST(mine.empty());
    BOOST_TEST((moved.bytes()[mib - 1] == std::byte{1}));
}

BOOST_AUTO_TEST_CASE(take_of_the_last_one_keeps_the_bytes) {
    private_memory mine = memory::copy_of("the last"sv).take();
    mine.as<char>()[0] = 'T';
    const auto seen = mine.as<char>();
    BOOST_TEST(std::string_view(seen.data(), seen.size()) == "The last");
}

BOOST_AUTO_TEST_CASE(take_of_a_slice_gives_the_slice) {
    std::string text(10'000, '-');
    text.replace(5001, 5, "slice");
    const memory m = memory::copy_of(text);
    private_memory mine = m.slice(5001, 5).take();
    const auto seen = mine.as<char>();
    BOOST_TEST(std::string_view(seen.data(), seen.size()) == "slice");
    seen[0] = 'S';
    BOOST_TEST(text_of(m) == text);
}

// ipc-channel: shared_memory_take_empty.
BOOST_AUTO_TEST_CASE(take_of_zero_bytes_gives_zero_bytes) {
    BOOST_TEST(memory().take().empty());
    BOOST_TEST(memory::copy_of("abc"sv).slice(1, 0).take().bytes().empty());
}

BOOST_AUTO_TEST_CASE(too_little_memory_is_an_error_and_not_a_signal) {
    error_code ec;
    for (const std::size_t bytes : {std::size_t{1} << 46, std::size_t{1} << 62, SIZE_MAX}) {
        BOOST_TEST(memory::filled(bytes, std::byte{1}, ec).empty());
        BOOST_TEST(ec == asio::error::no_buffer_space, ec.message());
        const shared_memory_builder builder(bytes, ec);
        BOOST_TEST(builder.empty());
        BOOST_TEST(ec == asio::error::no_buffer_space, ec.message());
        BOOST_CHECK_THROW(memory::filled(bytes, std::byte{1}), strait::system_error);
        BOOST_CHECK_THROW(shared_memory_builder{bytes}, strait::system_error);
    }
    BOOST_TEST(!memory::filled(100, std::byte{1}, ec).empty());
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(a_limit_of_file_sizes_is_an_error_and_not_a_signal) {
    const lowered_limit limit(RLIMIT_FSIZE, mib);
    error_code ec;
    const std::string text(2 * mib, 'x');
    BOOST_TEST(memory::copy_of(text, ec).empty());
    BOOST_TEST(ec == asio::error::no_buffer_space, ec.message());
    BOOST_TEST(memory::filled(2 * mib, std::byte{1}, ec).empty());
    BOOST_TEST(ec == asio::error::no_buffer_space, ec.message());
    BOOST_TEST(memory::filled(mib, std::byte{1}, ec).size_bytes() == mib);
}

BOOST_AUTO_TEST_CASE(too_many_descriptors_are_an_error) {
    const lowered_limit limit(RLIMIT_NOFILE, 0);
    error_code ec;
    BOOST_TEST(memory::copy_of("abc"sv, ec).empty());
    BOOST_TEST(ec.value() == EMFILE);
    BOOST_CHECK_THROW(memory::copy_of("abc"sv), strait::system_error);
}

// ipc-channel D1: its memory is inherited by every child.
BOOST_AUTO_TEST_CASE(a_region_is_close_on_exec_and_all_there) {
    const memory copied = memory::copy_of(std::string(100'000, 'c'));
    const memory built = shared_memory_builder(100'000).freeze();
    for (const memory* m : {&copied, &built}) {
        const int fd = descriptor_of(*m);
        BOOST_TEST(is_close_on_exec(fd));
        struct stat facts;
        BOOST_REQUIRE_EQUAL(::fstat(fd, &facts), 0);
        BOOST_TEST(facts.st_size == 100'000);
        BOOST_TEST(facts.st_blocks * 512 >= 100'000);
        BOOST_TEST(facts.st_nlink == 0u);  // it has no name
    }
}

// ipc-channel D28: a peer can shrink its memory under a mapping.
BOOST_AUTO_TEST_CASE(a_region_can_neither_be_written_nor_resized) {
    const memory copied = memory::copy_of("copied"sv);
    const memory built = shared_memory_builder(6).freeze();
    for (const memory* m : {&copied, &built}) {
        const int fd = descriptor_of(*m);
        BOOST_TEST(::ftruncate(fd, 1) == -1);
        BOOST_TEST(::ftruncate(fd, 100) == -1);
        BOOST_TEST(::pwrite(fd, "x", 1, 0) == -1);
        BOOST_TEST((::mmap(nullptr, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED));
#if !defined(STRAIT_FORCE_PORTABLE)
        const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
        BOOST_TEST((::fcntl(fd, F_GET_SEALS) & all) == all);
        BOOST_TEST(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 6) == -1);
#endif
    }
}

BOOST_AUTO_TEST_CASE(what_a_forked_child_still_writes_is_not_what_is_frozen) {
    shared_memory_builder builder(mib);
    std::memset(builder.data(), 'p', mib);
    auto [told, tell] = make_plain_pipe();
    auto [done, finish] = make_plain_pipe();
    const pid_t child = ::fork();
    BOOST_REQUIRE(child != -1);
    if (child == 0) {
        char c = 0;
        while (::read(told.native_handle(), &c, 1) < 0) {}
        builder.data()[0] = std::byte{'c'};
        ::_exit(::write(finish.native_handle(), "x", 1) == 1 ? 0 : 1);
    }
    const memory m = std::move(builder).freeze();
#if !defined(STRAIT_FORCE_PORTABLE)
    BOOST_TEST((::fcntl(descriptor_of(m), F_GET_SEALS) & F_SEAL_WRITE) != 0);
    const std::string as_built(mib, 'p');
    BOOST_TEST((text_of(m) == as_built));
#endif
    char c = 0;
    BOOST_TEST(::write(tell.native_handle(), "x", 1) == 1);
    BOOST_TEST(::read(done.native_handle(), &c, 1) == 1);
#if !defined(STRAIT_FORCE_PORTABLE)
    BOOST_TEST((text_of(m) == as_built));
#endif
    int status = 0;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(memory_of_more_than_4_gib_travels) {
    constexpr std::uint64_t bytes = (std::uint64_t{4} << 30) + 4097;
    if (sizeof(std::size_t) < 8 || available_gib() < 12) {
        BOOST_TEST_MESSAGE("skipped: it takes 64-bit addresses and 12 GiB");
        return;
    }
    error_code ec;
    shared_memory_builder builder(static_cast<std::size_t>(bytes), ec);
    if (ec == asio::error::no_buffer_space) return;
    BOOST_TEST_REQUIRE(!ec, ec.message());
    builder.bytes().front() = std::byte{1};
    builder.bytes().back() = std::byte{2};
    const memory m = std::move(builder).freeze();
    auto [tx, rx] = strait::make_channel<memory>();
    tx.send(m.slice(static_cast<std::size_t>(bytes - 1), 1), ec);
    if (!strait::detail::os::has_seals) {
        // It would be copied, and is more than a message may make a receiver hold.
        BOOST_TEST(ec == make_error_code(strait::error::message_too_large), ec.message());
        return;
    }
    BOOST_TEST_REQUIRE(!ec, ec.message());
    BOOST_TEST((rx.recv().bytes().front() == std::byte{2}));
    tx.send(m);
    const memory got = rx.recv();
    BOOST_TEST(got.size_bytes() == bytes);
    BOOST_TEST((got.bytes().front() == std::byte{1}));
    BOOST_TEST((got.bytes().back() == std::byte{2}));
}

BOOST_AUTO_TEST_SUITE_END()
