using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

public sealed class FolderOrderTests
{
    // 10 came before 2.
    [Fact]
    public void Names_are_in_the_order_in_which_people_count()
    {
        string[] expected =
        [
            "1", "1 a", "2", "02a", "2b", "10", "a", "a1", "a01b", "a1c", "a2", "a10", "a99999999999999999999998", "a99999999999999999999999", "A100000000000000000000000",
            "B", "b", "b.txt", "ba", "Ü", "ü", "日本2", "日本10", "\uDCFF",
        ];
        for (var round = 0; round < 20; round++)
        {
            var names = expected.ToArray();
            new Random(round).Shuffle(names);
            Array.Sort(names, static (x, y) => FolderOrder.CompareNames(x, y));
            Assert.Equal(expected, names);
        }
    }

    // A comparison that contradicts itself would make the sort throw, or give another order each time.
    [Fact]
    public void The_order_of_names_is_an_order()
    {
        var random = new Random(20261126);
        var names = Enumerable.Range(0, 120).Select(_ => string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => "aAbB0012z-\uDC80"[random.Next(11)]))).Distinct().ToList();
        foreach (var x in names)
        {
            foreach (var y in names)
            {
                Assert.Equal(Math.Sign(FolderOrder.CompareNames(x, y)), -Math.Sign(FolderOrder.CompareNames(y, x)));
                Assert.Equal(x == y, FolderOrder.CompareNames(x, y) == 0);
                foreach (var z in names.Where(z => FolderOrder.CompareNames(x, y) < 0 && FolderOrder.CompareNames(y, z) < 0))
                {
                    Assert.True(FolderOrder.CompareNames(x, z) < 0, $"{x} {y} {z}");
                }
            }
        }
    }

    [Theory]
    [InlineData("name", false, "d1 d2 f1 f2 f3")]
    [InlineData("name", true, "d2 d1 f3 f2 f1")]
    [InlineData("size", false, "d1 d2 f2 f3 f1")]
    [InlineData("size", true, "d2 d1 f1 f3 f2")]
    [InlineData("modified", false, "d1 d2 f3 f1 f2")]
    [InlineData("modified", true, "d2 d1 f2 f1 f3")]
    public void Folders_are_first_whatever_the_column(string column, bool isDescending, string expected)
    {
        var entries = new List<FolderEntry>
        {
            Entry("f3", 5, 1), Entry("d2", 0, 9, isFolder: true), Entry("f1", 7, 2), Entry("d1", 0, 8, isFolder: true), Entry("f2", 5, 3),
        };
        entries.Sort(new FolderOrder(column, isDescending));
        Assert.Equal(expected, string.Join(' ', entries.Select(static entry => entry.Name)));
    }

    private static FolderEntry Entry(string name, long length, int day, bool isFolder = false) =>
        new(name, isFolder, IsLink: false, length, DateTimeOffset.UnixEpoch.AddDays(day));
}
