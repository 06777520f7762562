//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_attachment_doubles.hpp"
#include "codec_tools.hpp"

#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

using namespace codec_test;

namespace {

struct job {
    std::string name;
    fake_sender<job> more;
};

struct carrier {
    std::optional<strait::handle> first;
    std::vector<strait::handle> rest;
};

strait::handle open_null() {
    return strait::handle(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool is_device(const strait::handle& h) {
    struct stat s {};
    return ::fstat(h.native_handle(), &s) == 0 && S_ISCHR(s.st_mode);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_attachments)

BOOST_AUTO_TEST_CASE(handles_travel_beside_the_bytes) {
    carrier c;
    c.first = open_null();
    c.rest.push_back(open_null());
    strait::detail::byte_buffer out;
    attachments_out written;
    strait::output_archive oar(out, &written);
    strait::encode(c, oar);
    BOOST_TEST(written.handles.size() == 2u);
    BOOST_TEST(out.size() == 1u + 4u + 4u + 4u);

    attachments_in found(std::move(written.handles));
    strait::input_archive iar(out.bytes(), &found);
    carrier d;
    strait::decode(iar, d);
    BOOST_TEST(is_device(*d.first));
    BOOST_TEST(d.rest.size() == 1u);
    BOOST_TEST(is_device(d.rest[0]));
}

BOOST_AUTO_TEST_CASE(an_empty_handle_is_refused) {
    strait::detail::byte_buffer out;
    attachments_out written;
    strait::output_archive ar(out, &written);
    const auto ec = code_of([&] { strait::encode(strait::handle(), ar); });
    BOOST_TEST(ec == code(strait::error::empty_end));
}

BOOST_AUTO_TEST_CASE(an_archive_without_attachments_refuses_them) {
    const strait::handle h = open_null();
    BOOST_TEST(code_of([&] { encoded(h); }) == code(strait::error::bad_attachment));
    using strait::handle;
    BOOST_TEST(decode_error<handle>({0, 0, 0, 0}) == code(strait::error::bad_attachment));
}

// ipc-channel D13: there the index of a channel is not checked.
BOOST_AUTO_TEST_CASE(an_index_beyond_what_came_is_refused) {
    attachments_in none({});
    const bytes message{9, 0, 0, 0};
    strait::input_archive ar(std::as_bytes(std::span(message)), &none);
    strait::handle h;
    const auto ec = code_of([&] { strait::decode(ar, h); });
    BOOST_TEST(ec == code(strait::error::bad_attachment));
}

BOOST_AUTO_TEST_CASE(ends_of_recursive_types_travel_and_find_their_context) {
    strait::detail::byte_buffer out;
    attachments_out written;
    strait::output_archive oar(out, &written);
    strait::encode(job{"x", {}}, oar);
    BOOST_TEST(written.senders == 1u);

    attachments_in found({});
    strait::input_archive iar(out.bytes(), &found);
    iar.set_context(&found);
    job j;
    strait::decode(iar, j);
    BOOST_CHECK(j.more.context == &found);
    BOOST_TEST(found.asked.size() == 1u);
    BOOST_TEST(found.asked[0].fingerprint == strait::detail::fingerprint_of<job>());
}

BOOST_AUTO_TEST_SUITE_END()
