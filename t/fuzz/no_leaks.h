/* For fuzz targets with a thread of their own. After an input the fuzzer looks for leaks,
 * while that thread is still tidying up; the replay of the corpus looks when all has
 * ended. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif
